"""Claims that a compiled Kubeflow pipeline makes, mounts and removes, without a Pod for making and removing them."""

import json

import pytest

from e2e.runs import BASE_IMAGE, kind
from unit.frontend.kfp.documents import LIST, TEXT, compiled, component, constant, output_of, parameters, task

TEXTS = ("size", "pvc_name", "pvc_name_suffix", "storage_class_name", "volume_name")
OPTIONAL = {name: {**TEXT, "isOptional": True} for name in TEXTS}
CREATE = component({"parameters": {"access_modes": LIST, **OPTIONAL}}, {"parameters": {"name": TEXT}}, "create")
DELETE = component({"parameters": {"pvc_name": TEXT}}, label="delete")
EXECUTORS = {
    "create": {"container": {"image": "argostub/createpvc"}},
    "delete": {"container": {"image": "argostub/deletepvc"}},
}


def creation(**given):
    wanted = {"access_modes": ["ReadWriteOnce"], "size": "1Mi", "storage_class_name": "", **given}
    return task("create", **parameters(**{name: constant(value) for name, value in wanted.items()}))


def removal(after, producer="make"):
    return task("delete", after, **parameters(pvc_name=output_of(producer, "name")))


def shell(command):
    return {"container": {"image": BASE_IMAGE, "command": ["sh", "-ec", command]}}


@pytest.fixture
def claims(kubectl, namespace):
    """The claims of the test's namespace by name; those that are going are left out."""

    def found():
        items = kubectl.json("get", "persistentvolumeclaims", "-n", namespace)["items"]
        return {item["metadata"]["name"]: item for item in items if "deletionTimestamp" not in item["metadata"]}

    return found


@pytest.fixture
def volume(kubectl, namespace, request):
    """The name of a volume on the node for the test's claim, or the one called `param`: nothing provides any."""
    name = f"{namespace}-volume"
    spec = {
        "capacity": {"storage": "1Mi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "",
        "hostPath": {"path": f"/tmp/{name}", "type": "DirectoryOrCreate"},
    }
    if claim := getattr(request, "param", None):
        spec["claimRef"] = {"namespace": namespace, "name": claim}
    kubectl.apply(
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}, namespace=namespace
    )
    yield name
    kubectl("delete", "persistentvolume", name, "--wait=false")


def test_a_claim_is_made_shared_by_two_tasks_and_removed_with_a_pod_for_each_of_the_two_alone(runs, claims, volume):
    tasks = {
        "make": creation(pvc_name_suffix="-data", volume_name=volume),
        "write": task("write", "make"),
        "read": task("read", "write"),
        "remove": removal("read"),
    }
    components = {"create": CREATE, "delete": DELETE}
    components |= {name: component(label=name) for name in ("write", "read")}
    executors = EXECUTORS | {
        "write": shell("echo shared > /data/file; chmod 644 /data/file"),
        "read": shell('test "$(cat /data/file)" = shared'),
    }
    name = {"taskOutputParameter": {"producerTask": "make", "outputParameterKey": "name"}}
    mount = {"pvcMount": [{"mountPath": "/data", "pvcNameParameter": name}]}
    platform = {"deploymentSpec": {"executors": {"write": mount, "read": mount}}}
    document = compiled(tasks, components, executors)
    document += f"\n---\n{json.dumps({'platforms': {'kubernetes': platform}})}\n"
    runs.apply(kind("PipelineRun", "shares", {"kfp": document}))
    _, found = runs.succeed("shares", 180)
    assert found["make"]["outputs"]["name"].endswith("-data")
    assert sorted(pod["metadata"]["annotations"]["levada.dev/task"] for pod in runs.pods("shares")) == ["read", "write"]
    assert claims() == {}


def test_a_claim_outlives_its_run_and_stands_in_the_way_of_another(runs, claims):
    document = compiled({"make": creation(pvc_name="kept")}, {"create": CREATE}, EXECUTORS)
    runs.apply(kind("PipelineRun", "first", {"kfp": document}))
    runs.succeed("first", 60)
    runs.delete("first")
    runs.wait_gone("first")
    metadata = claims()["kept"]["metadata"]
    assert metadata["labels"]["levada.dev/run"] == "first"
    runs.apply(kind("PipelineRun", "second", {"kfp": document}))
    status, found = runs.end("second", 60)
    assert (status["phase"], found["make"]["reason"]) == ("Failed", "NameTaken")
    assert claims()["kept"]["metadata"]["uid"] == metadata["uid"]


def test_a_claim_to_remove_that_is_not_there_fails_the_task(runs):
    tasks = {"remove": task("delete", **parameters(pvc_name=constant("never-made")))}
    runs.apply(kind("PipelineRun", "nothing", {"kfp": compiled(tasks, {"delete": DELETE}, EXECUTORS)}))
    status, found = runs.end("nothing", 60)
    assert (status["phase"], found["remove"]["reason"]) == ("Failed", "ClaimMissing")
    assert "never-made" in found["remove"]["message"]


def workspace_pipeline(last):
    """Two tasks that share the workspace, the second to do `last` with it, and one that has nothing to do with it."""
    place = constant("{{$.workspace_path}}/note")
    tasks = {
        "write": task("write", **parameters(place=place)),
        "last": task("last", "write", **parameters(place=place)),
        "alone": task("alone"),
    }
    takes = {"parameters": {"place": TEXT}}
    components = {name: component(takes, label=name) for name in ("write", "last")} | {
        "alone": component(label="alone")
    }
    path = "{{$.inputs.parameters['place']}}"
    executors = {
        "write": shell(f"echo shared > {path}; chmod 644 {path}"),
        "last": shell(last.format(path)),
        "alone": shell("test ! -e /kfp-workspace"),
    }
    config = {"pipelineConfig": {"workspace": {"size": "1Mi"}}}
    return compiled(tasks, components, executors) + f"\n---\n{json.dumps({'platforms': {'kubernetes': config}})}\n"


@pytest.mark.parametrize("volume", ["good-kfp-workspace"], indirect=True)
def test_a_workspace_is_shared_by_the_tasks_that_speak_of_it_and_removed_when_all_went_well(runs, claims, volume):
    document = workspace_pipeline('test "$(cat {})" = shared')
    runs.apply(kind("PipelineRun", "good", {"kfp": document}))
    runs.succeed("good", 180)
    assert claims() == {}


@pytest.mark.parametrize("volume", ["bad-kfp-workspace"], indirect=True)
def test_after_a_failure_the_workspace_stays_until_the_run_goes(runs, claims, volume, kubectl, namespace):
    runs.apply(kind("PipelineRun", "bad", {"kfp": workspace_pipeline("cat {}; exit 3")}))
    status, found = runs.end("bad", 180)
    assert (status["phase"], found["finally.kfp-workspace-removal"]["phase"]) == ("Failed", "Skipped")
    assert list(claims()) == ["bad-kfp-workspace"]
    runs.delete("bad")
    kubectl("wait", "--for=delete", "pvc/bad-kfp-workspace", "-n", namespace, "--timeout=60s")
