"""Settings that a component asks to be told, and those that its own Pod has all the same."""

import json

import pytest

from levada.frontend.mistakes import InvalidSpecError
from levada.graph.model import Compose, Literal, Parameter
from unit.frontend.kfp.documents import TEXT, compiled, component, container, graph_of, parameters, task

RESOURCES = {"resourceCpuLimit": "1", "resourceMemoryRequest": "64Mi"}
PLATFORM = {
    "nodeSelector": {"labels": {"disk": "ssd"}},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "secretAsEnv": [{"secretName": "keys", "keyToEnv": [{"secretKey": "token", "envVar": "TOKEN"}]}],
    "pvcMount": [{"constant": "data", "mountPath": "/data"}],
}


def task_of(*asked, executor=None, platform=None, inputs=None, bindings=None, root=None):
    """The only task of a pipeline whose component asks for settings."""
    declared = {"parameters": {"config": {"parameterType": "TASK_CONFIG", "isOptional": True}, **(inputs or {})}}
    asking = component(declared) | {"taskConfigPassthroughs": list(asked)}
    runs = container(env=[{"name": "WORD", "value": "b"}], resources=executor or RESOURCES)
    tasks = {"told": task("told", **parameters(**(bindings or {})))}
    document = compiled(tasks, {"told": asking}, {"run": runs}, inputs=root)
    said = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"run": PLATFORM | (platform or {})}}}}}
    return graph_of(f"{document}\n---\n{json.dumps(said)}").tasks["told"]


def field(name, *, applied=False):
    return {"field": name} | ({"applyToTask": True} if applied else {})


def test_what_is_asked_for_is_told_and_not_done():
    found = task_of(field("RESOURCES"), field("KUBERNETES_NODE_SELECTOR"), field("KUBERNETES_TOLERATIONS"))
    assert found.inputs["config"] == Literal(
        {
            "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "64Mi"}},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        }
    )
    assert not {"nodeSelector", "tolerations"} & set(found.pod)
    assert found.body.resources == {}
    assert found.body.env == {"WORD": "b"}  # nobody asked for it
    assert found.pod["volumes"]


def test_what_is_to_be_done_as_well_stays():
    plain = task_of()
    found = task_of(field("ENV", applied=True), field("KUBERNETES_VOLUMES", applied=True), field("RESOURCES"))
    assert found.pod == plain.pod
    assert found.body.env == plain.body.env
    config = found.inputs["config"].value
    reference = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}
    assert config["env"] == [{"name": "WORD", "value": "b"}, reference]
    assert config["volumes"] == plain.pod["volumes"]
    assert config["volumeMounts"] == plain.pod["volumeMounts"]


def test_variables_and_volumes_can_be_kept_from_the_pod():
    found = task_of(field("ENV"), field("KUBERNETES_VOLUMES"))
    assert found.body.env == {}
    assert not {"env", "volumes", "volumeMounts"} & set(found.pod)


def test_settings_that_come_from_inputs_are_told_with_their_values():
    found = task_of(
        field("RESOURCES"),
        field("KUBERNETES_VOLUMES"),
        executor={"resourceMemoryLimit": "{{$.inputs.parameters['memory']}}"},
        platform={
            "pvcMount": [{"pvcNameParameter": {"componentInputParameter": "claim"}, "mountPath": "/data"}],
        },
        inputs={"memory": TEXT},
        bindings={"memory": {"componentInputParameter": "memory"}},
        root={"parameters": {"memory": TEXT, "claim": TEXT}},
    )
    assert isinstance(found.inputs["config"], Compose)
    shape = found.inputs["config"].shape
    assert shape["resources"] == {"limits": {"memory": Parameter("memory")}}
    assert shape["volumes"][0]["persistentVolumeClaim"] == {"claimName": Parameter("claim")}


def test_who_asks_for_nothing_is_told_nothing():
    found = task_of()
    assert "config" not in found.inputs
    assert found.pod["nodeSelector"] == {"disk": "ssd"}


@pytest.mark.parametrize(
    ("asked", "executor", "said"),
    [
        (field("ENVIRONMENT"), None, "taskConfigPassthroughs[0].field"),
        (
            field("RESOURCES"),
            {"accelerator": {"resourceType": "{{$.inputs.parameters['device']}}", "resourceCount": "1"}},
            "comes from an input",
        ),
    ],
    ids=["unknown", "device"],
)
def test_what_cannot_be_told_is_refused(asked, executor, said):
    with pytest.raises(InvalidSpecError) as caught:
        task_of(asked, executor=executor, inputs={"device": TEXT | {"defaultValue": "gpu"}})
    assert said in str(caught.value)


def test_a_graph_has_no_settings_to_tell():
    graph = {"dag": {"tasks": {"inner": task("plain")}}, "taskConfigPassthroughs": [field("ENV")]}
    document = compiled({"outer": task("graph")}, {"graph": graph, "plain": component()}, {"run": container()})
    with pytest.raises(InvalidSpecError, match="has no Pod of its own"):
        graph_of(document)
