"""The files that `make generate` writes."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from integration.chart.rendering import CHART, REPO, Json, template


def test_kinds_stay_when_the_release_goes(render):
    kinds = [each for each in render().values() if each["kind"] == "CustomResourceDefinition"]
    assert len(kinds) == 3
    assert all(each["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"} for each in kinds)


def test_the_charts_copy_of_the_kinds_is_up_to_date():
    read = lambda folder: {file.name: file.read_text() for file in folder.iterdir()}  # noqa: E731
    assert read(CHART / "files" / "crds") == read(REPO / "crds"), "run `make generate`"


def installed_by_kubectl() -> list[Json]:
    return list(YAML(typ="safe", pure=True).load_all((REPO / "manifests" / "install.yaml").read_text()))


def test_install_yaml_has_no_hook():
    kinds = [each["kind"] for each in installed_by_kubectl()]
    assert "Job" not in kinds, "kubectl would run it at once, and it stops the operator: render with `--no-hooks`"
    assert kinds[0] == "Namespace"


def test_install_yaml_is_what_the_chart_renders(helm):
    rendered = YAML(typ="safe", pure=True).load_all(template(helm, "uninstallHook=false"))
    given = [each for each in installed_by_kubectl() if each["kind"] != "Namespace"]
    assert by_name(given) == by_name(each for each in rendered if each), "run `make generate`"


def by_name(objects) -> dict[tuple[str, str], Json]:
    """Without what only Helm needs."""
    return {(each["kind"], each["metadata"]["name"]): without_helm(each) for each in objects}


def without_helm(part: Any) -> Any:
    if isinstance(part, list):
        return [without_helm(item) for item in part]
    if not isinstance(part, dict):
        return part
    of_helm = ("app.kubernetes.io/managed-by", "app.kubernetes.io/instance", "helm.sh/resource-policy")
    kept = {key: without_helm(value) for key, value in part.items() if key not in of_helm}
    return {key: value for key, value in kept.items() if (key, value) != ("annotations", {})}
