"""What a compiled pipeline says of Kubernetes becomes the options of its tasks' Pods."""

import json

import pytest

from levada.frontend.mistakes import InvalidSpecError
from levada.frontend.native import build_graph
from levada.frontend.pod_template import Allowed
from unit.frontend.kfp.documents import TEXT, compiled, component, constant, container, graph_of, output_of, task


def said(config=None, **pipeline_config):
    """A pipeline of two tasks; `config` is what is said of the second one's Pods."""
    tasks = {"first": task("first"), "second": task("second")}
    components = {
        "first": component(outputs={"parameters": {"Output": TEXT}}, label="first"),
        "second": component(label="second"),
    }
    text = compiled(tasks, components, {"first": container(), "second": container()})
    kubernetes = {"deploymentSpec": {"executors": {"second": config or {}}}}
    kubernetes |= {"pipelineConfig": pipeline_config} if pipeline_config else {}
    return text + "\n---\n" + json.dumps({"platforms": {"kubernetes": kubernetes}})


def second(config):
    return graph_of(said(config)).tasks["second"]


def mistakes(text):
    with pytest.raises(InvalidSpecError) as refused:
        graph_of(text)
    return str(refused.value)


MAP = {"keyToEnv": [{"configMapKey": "k", "envVar": "V"}]}


def test_a_constant_name_is_known_at_once():
    found = second({"configMapAsEnv": [{"configMapNameParameter": constant("settings"), **MAP}]})
    assert found.pod["env"] == [{"name": "V", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "k"}}}]
    assert found.bound_pod is None


def test_a_name_from_another_task_is_waited_for():
    found = second({"configMapAsEnv": [{"configMapNameParameter": output_of("first"), **MAP}]})
    assert found.bound_pod is not None
    assert found.predecessors() == ["first"]


def test_a_claim_is_mounted_by_its_name():
    found = second({"pvcMount": [{"constant": "data", "mountPath": "/data"}]})
    (volume,) = found.pod["volumes"]
    assert volume["persistentVolumeClaim"] == {"claimName": "data"}
    assert found.pod["volumeMounts"] == [{"name": volume["name"], "mountPath": "/data"}]


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ({"initContainers": [{"name": "a"}]}, "initContainers"),
        ({"podMetadata": {"labels": {"levada.dev/run": "other"}}}, "levada.dev"),
        ({"noSuchField": 1}, "noSuchField"),
    ],
)
def test_what_a_run_may_not_have_is_refused(config, word):
    assert word in mistakes(said(config))


@pytest.mark.parametrize("config", [{"semaphoreKey": "one"}, {"resourceTtlOnCompletion": 60}])
def test_what_holds_for_a_whole_run_is_refused_with_the_way_around(config):
    assert "not supported: set" in mistakes(said(**config))


def test_a_secret_that_the_chart_does_not_list_is_refused():
    config = {"secretAsEnv": [{"secretName": "s", "keyToEnv": [{"secretKey": "k", "envVar": "V"}]}]}
    build_graph({"kfp": said(config)}, {}, {}, allowed=Allowed(secrets=frozenset({"s"})))
    with pytest.raises(InvalidSpecError, match=r"secretKeyRef|Secret"):
        build_graph({"kfp": said(config)}, {}, {}, allowed=Allowed())


def test_deadlines_are_timeouts():
    assert second({"activeDeadlineSeconds": 60}).timeout == 60
    assert graph_of(said(activeDeadlineSeconds=90)).timeout == 90
