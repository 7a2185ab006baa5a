"""What the chart refuses, what it renders, and what the API server says to that."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from ruamel.yaml import YAML

from integration.chart.rendering import CHART, EVERYTHING, REPO, RefusedError, operator_container, pod_specs, template
from levada.handlers.settings import Settings
from levada.kube import metrics
from levada.planner.settings import ImageRewrite


def test_the_chart_passes_helms_own_linter(helm):
    subprocess.run([helm, "lint", "--strict", "--quiet", CHART], check=True)


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("replica=2", "'replica' not allowed"),
        ("image.tags=1", "'tags' not allowed"),
        ("store.accesKeyId=x", "'accesKeyId' not allowed"),
        ("store.credentials.a.accessKeyId=x", "secretAccessKey"),
        ("store.url=bucket", "/store/url"),
        ("store.embedded.seed=short", "/store/embedded/seed"),
        ("tasks.podSecurity=privileged", "/tasks/podSecurity"),
        ("tasks.runAsUser=0", "/tasks/runAsUser"),
        ("tasks.imageRewrites[0].from=a", "/tasks/imageRewrites/0"),
        ("tasks.imageRewrites[0].from=*/a,tasks.imageRewrites[0].to=b", "/tasks/imageRewrites/0/from"),
        ("tasks.imageRewrites[0].from=a*,tasks.imageRewrites[0].to=b c", "/tasks/imageRewrites/0/to"),
        ("tasks.env.LEVADA_RUN=x", "/tasks/env/LEVADA_RUN"),
        ("tasks.env.A-B=x", "'A-B' not allowed"),
        ("tasks.env.A=1", "/tasks/env/A"),
        ("workers=0", "/workers"),
        ("parallelism=-1", "/parallelism"),
        ("approvals.policy=false", "/approvals/policy"),
        ("logLevel=debug", "/logLevel"),
        ("allowedSecrets={levada-store}", "/allowedSecrets/0"),
        ("env[0].name=LEVADA_WORKERS", "/env/0/name"),
        ("image.digest=latest", "/image/digest"),
        ("metrics.service=false,metrics.serviceMonitor=true", "needs metrics.service=true"),
        ("store.namespaces={a}", "no store"),
        ("store.url=s3://b,store.embedded.enabled=true", "not both"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(helm, setting, complaint):
    with pytest.raises(RefusedError, match=complaint.replace("/", ".")):
        template(helm, setting)


def test_the_operator_understands_the_settings_that_the_chart_gives_it(render):
    objects = render(
        "watchNamespaces={a,b}", "tasks.podSecurity=restricted", "tasks.runAsUser=1000", "workers=3",
        "parallelism=500", "logLevel=DEBUG", "allowedSecrets={x}",
        "allowedServiceAccounts={y,z}", "tasks.env.PIP_INDEX_URL=https://pypi/?a&b", "tasks.imageRewrites[0].from=a*",
        "tasks.imageRewrites[0].to=b/*", "image.digest=sha256:" + "0" * 64,
    )  # fmt: skip
    container = operator_container(objects)
    settings = Settings.from_environment({entry["name"]: entry.get("value", "") for entry in container["env"]})
    assert settings.namespaces == ("a", "b")
    assert (settings.pod_security, settings.run_as_user) == ("restricted", 1000)
    assert (settings.workers, settings.parallelism, settings.log_level) == (3, 500, "DEBUG")
    assert (settings.allowed_secrets, settings.allowed_service_accounts) == (("x",), ("y", "z"))
    assert settings.image_rewrites == (ImageRewrite("a*", "b/*"),)
    assert settings.task_env == {"PIP_INDEX_URL": "https://pypi/?a&b"}
    assert settings.agent_resources["limits"] == {"memory": "128Mi"}
    assert settings.agent_image == container["image"] == "levada@sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("levada", "registry.example.com/levada:0.1.0"),
        ("team/levada", "registry.example.com/team/levada:0.1.0"),
        ("ghcr.io/team/levada", "registry.example.com/team/levada:0.1.0"),
        ("localhost:5000/levada", "registry.example.com/levada:0.1.0"),
    ],
)
def test_a_registry_takes_the_place_of_the_images_own(render, repository, expected):
    objects = render("image.registry=registry.example.com", f"image.repository={repository}")
    assert operator_container(objects)["image"] == expected


def test_every_image_comes_from_the_registry_of_a_site_without_internet(render):
    specs = pod_specs(render(*EVERYTHING)).values()
    assert all(c["image"].startswith("registry.example.com/") for spec in specs for c in spec["containers"])
    assert all(spec["imagePullSecrets"] == [{"name": "login"}] for spec in specs)


@pytest.mark.threat(
    "the operator is broken into",
    holds="not root, read-only, no capability, no privilege escalation",
)
def test_all_pods_meet_the_restricted_profile_with_a_read_only_root(render):
    specs = pod_specs(render(*EVERYTHING))
    assert specs.keys() == {"levada", "levada-store-server", "levada-uninstall"}
    for spec in specs.values():
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_one_replica_never_holds_up_a_drain(render):
    assert not [key for key in render("podDisruptionBudget=true") if key[0] == "PodDisruptionBudget"]
    assert [key for key in render("podDisruptionBudget=true", "replicas=2") if key[0] == "PodDisruptionBudget"]


def test_every_pod_is_admitted_where_the_restricted_profile_is_enforced(render, kubectl, namespace):
    kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    for name, spec in pod_specs(render(*EVERYTHING)).items():
        admitted = {**spec, "serviceAccountName": "default"}
        if name == "levada-store-server":  # the StatefulSet adds it
            claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
            admitted["volumes"] = [*spec["volumes"], claim]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": admitted}
        kubectl("create", "--dry-run=server", "-n", namespace, "-f", "-", stdin=json.dumps(pod))


def test_the_operator_is_probed_and_has_requests_and_a_memory_limit(render):
    container = operator_container(render())
    probes = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert probes == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"].keys() == {"memory"}


def test_alerts_ask_for_metrics_that_there_are(render):
    """Rendered only: the API server of the test cluster does not have the Prometheus operator's kinds."""
    objects = render("metrics.serviceMonitor=true", "metrics.alerts=true", "metrics.labels.release=prometheus")
    monitor = objects["ServiceMonitor", "levada-system", "levada"]
    service = objects["Service", "levada-system", "levada-metrics"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    rule = objects["PrometheusRule", "levada-system", "levada"]
    assert {each["metadata"]["labels"]["release"] for each in (monitor, rule)} == {"prometheus"}
    alerts = rule["spec"]["groups"][0]["rules"]
    assert len(alerts) == 5
    asked = {name.removesuffix("_total") for alert in alerts for name in re.findall(r"levada_\w+", alert["expr"])}
    assert asked <= {metric.name for metric in metrics.REGISTRY.collect()}


@pytest.mark.parametrize("settings", [(), EVERYTHING], ids=["defaults", "everything"])
@pytest.mark.parametrize("scope", ["cluster", "namespaced"])
def test_the_api_server_accepts_every_object(helm, kubectl, namespace, tmp_path, settings, scope):
    chosen = [*settings, f"store.namespaces={{{namespace}}}"]
    if not settings:
        chosen.append("store.url=s3://bucket")
    if scope == "namespaced":
        chosen.append(f"watchNamespaces={{{namespace}}}")
    file = tmp_path / "rendered.yaml"
    # The operator's namespace may not exist on a given cluster; ours does.
    file.write_text(template(helm, *chosen).replace("namespace: levada-system", f"namespace: {namespace}"))
    kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", str(file))


# Their documentation

FREE = {"agentResources", "annotations"}
"""Maps with defaults or contents of their own: one value, however much stands in it."""


def leaves(values: dict, prefix: str = ""):
    for name, value in values.items():
        is_one = not isinstance(value, dict) or not value or name in FREE or "requests" in value
        yield from [(prefix + name, value)] if is_one else leaves(value, f"{prefix}{name}.")


def test_every_value_stands_in_the_guide_with_its_default():
    values = YAML(typ="safe", pure=True).load((CHART / "values.yaml").read_text())
    rows = re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", (REPO / "docs" / "install.md").read_text(), re.MULTILINE)
    assert {name: json.loads(default) for name, default in rows} == dict(leaves(values))
    assert [name for name, _ in rows] == [name for name, _ in leaves(values)], "in another order than in values.yaml"
