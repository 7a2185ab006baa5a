"""What is wrong is refused: by the API server where the schema can say it, else by the operator, all at once."""

import json

import pytest

from cluster.kubectl import KubectlError
from e2e.runs import condition, container, kind

ADDER = container(
    "true",
    {"inputValue": "a"},
    {"outputPath": "m"},
    inputs=[{"name": "a", "type": "Integer"}],
    outputs=[{"name": "m", "type": "Model"}],
)
FINE = container("true")


def adding(**binding):
    return ADDER | {"inputs": {"a": binding}}


def placed(**template):
    return {"one": FINE | {"podTemplate": template}}


ONE = adding(value=1)
INVALID = {  # what is wrong: tasks, and words that the message must hold
    "unknown-task": ({"one": ONE, "two": adding(task="onee", output="m")}, ["onee", "one"]),
    "unknown-output": ({"one": ONE, "two": adding(task="one", output="mm")}, ["mm", "m"]),
    "unknown-parameter": ({"one": adding(parameter="epochs")}, ["epochs"]),
    "unknown-input": ({"one": FINE | {"inputs": {"b": {"value": 1}}}}, ["b"]),
    "unknown-after": ({"one": FINE | {"after": ["zero"]}}, ["zero"]),
    "missing-input": ({"one": ADDER}, ["a"]),
    "wrong-type-of-value": ({"one": adding(value="many")}, ["an Integer", "a String"]),
    "wrong-type-of-output": ({"one": ONE, "two": adding(task="one", output="m")}, ["Model", "Integer"]),
    "too-large-integer": ({"one": adding(value=2**63)}, ["a"]),
    "cycle": ({"one": FINE | {"after": ["two"]}, "two": FINE | {"after": ["one"]}}, ["one", "two"]),
    "cycle-of-one": ({"one": FINE | {"after": ["one"]}}, ["one"]),
    "unknown-placeholder": ({"one": container("true", {"inputValue": "nothing"})}, ["nothing"]),
    "store-secret": (placed(envFrom=[{"secretRef": {"name": "levada-store"}}]), ["levada-store"]),
    "secret-not-allowed": (placed(envFrom=[{"secretRef": {"name": "mine"}}]), ["allowedSecrets"]),
    "account-not-allowed": (placed(serviceAccountName="mine"), ["allowedServiceAccounts"]),
}


def inline(*tasks, **spec):
    return kind("PipelineRun", "refused", {"pipelineSpec": {"tasks": list(tasks)}, **spec})


NAMED = {"name": "one", **FINE}
LONG = "n" * 64
REFUSED = {  # what the API server itself refuses: the object, and words of its answer
    "both-pipelines": (inline(NAMED, pipelineRef={"name": "p"}), "exactly one of pipelineRef, pipelineSpec and kfp"),
    "no-pipeline": (kind("PipelineRun", "refused", {}), "exactly one of pipelineRef, pipelineSpec and kfp"),
    "two-sources": (inline(NAMED | {"inputs": {"a": {"value": 1, "parameter": "p"}}}), "oneOf"),
    "no-source": (inline(NAMED | {"inputs": {"a": {}}}), "oneOf"),
    "tasks-of-one-name": (inline(NAMED, NAMED), "uplicate"),
    "two-bodies": (inline(NAMED | {"approval": {}}), "oneOf"),
    "no-body": (inline({"name": "one"}), "oneOf"),
    "a-loop-over-nothing": (inline(NAMED | {"forEach": {"as": "item"}}), "oneOf"),
    "a-final-task-without-a-body": (
        kind("PipelineRun", "refused", {"pipelineSpec": {"tasks": [NAMED], "finally": [{"name": "last"}]}}),
        "finally.*oneOf",
    ),
    "a-fact-that-there-is-not": (inline(NAMED | {"inputs": {"a": {"run": "colour"}}}), "startTime"),
    "name-of-64-characters": (kind("PipelineRun", LONG, {"pipelineSpec": {"tasks": [NAMED]}}), "at most 63 characters"),
    "not-supported-yet": (inline(NAMED | {"resource": {}}), "not supported yet"),
    "unknown-field": (inline(NAMED | {"imput": {}}), "imput"),
}


@pytest.fixture(scope="module")
def shared(new_namespace, runs_in):
    """One namespace for all refusals: nothing of them ever runs."""
    return runs_in(new_namespace("refusals"))


@pytest.fixture(scope="module")
def invalid(shared):
    """The runs of `INVALID`, all begun at once."""
    for name, (tasks, _) in INVALID.items():
        shared.start(name, tasks)
    return shared


@pytest.mark.parametrize("name", INVALID)
def test_a_mistake_ends_the_run_before_it_begins(invalid, name):
    status, _ = invalid.end(name, 60)
    assert (status["phase"], condition(status)["reason"]) == ("Failed", "InvalidSpec")
    message = condition(status)["message"]
    assert "spec.pipelineSpec.tasks" in message
    for word in INVALID[name][1]:
        assert word in message
    assert invalid.pods(name) == []


def test_the_message_lists_every_mistake_with_its_path_and_a_suggestion(shared):
    tasks = {
        "one": ADDER | {"inputs": {"a": {"value": "many"}}},
        "two": ADDER | {"inputs": {"a": {"task": "onee", "output": "m"}}},
        "three": FINE | {"after": ["three"]},
    }
    shared.start("mistakes", tasks, parameters={"epochs": 3})
    status, _ = shared.end("mistakes", 60)
    message = condition(status)["message"].replace("'", '"')
    assert 'did you mean "one"' in message
    for path in ("tasks[0].inputs.a", "tasks[1].inputs.a", "three", "spec.parameters.epochs"):
        assert path in message, message


@pytest.mark.parametrize("declared", [True, False], ids=["missing", "undeclared"])
def test_parameters_are_checked_against_their_declaration(shared, declared):
    name = f"parameters-{declared}".lower()
    given = {} if declared else {"epoch": 1}
    tasks = {"one": ADDER | {"inputs": {"a": {"parameter": "epochs"}}}}
    shared.start(name, tasks, declared=[{"name": "epochs", "type": "Integer"}], parameters=given)
    status, _ = shared.end(name, 60)
    assert condition(status)["reason"] == "InvalidSpec"
    assert "epochs" in condition(status)["message"]


@pytest.mark.parametrize("name", REFUSED)
def test_the_api_server_refuses(shared, name):
    body, words = REFUSED[name]
    with pytest.raises(KubectlError, match=words):
        shared.apply(body)


def test_the_api_server_refuses_edits_where_its_schema_ends(shared, kubectl):
    nested = {"name": "nested", "pipelineSpec": {"tasks": [NAMED]}}
    source = {"task": "two", "output": "m", "at": {"value": 0}}
    looped = {"name": "two", **FINE, "forEach": {"items": [{"n": 1}]}, "inputs": {"a": source}}
    shared.apply(kind("PipelineRun", "deep", {"suspend": True, "pipelineSpec": {"tasks": [nested, looped]}}))
    patch = ("patch", "pipelineruns.levada.dev", "deep", "-n", shared.namespace, "--type=json", "-p")
    for place in ("0/pipelineSpec/tasks/0/name", "1/forEach/items/0/n", "1/inputs/a/at/value"):
        edit = json.dumps([{"op": "replace", "path": f"/spec/pipelineSpec/tasks/{place}", "value": 7}])
        with pytest.raises(KubectlError, match="pipelineSpec cannot be changed"):
            kubectl(*patch, edit)
    shared.delete("deep")


def test_the_api_server_refuses_edits_of_a_run(shared, kubectl):
    body = {"name": "fixed", "namespace": shared.namespace}
    shared.apply(kind("PipelineRun", body, {"pipelineRef": {"name": "never"}, "parameters": {"a": 1}}))
    edits = {
        '{"spec": {"parameters": {"a": 2}}}': "parameters cannot be changed",
        '{"spec": {"parameters": null}}': "parameters cannot be changed",
        '{"spec": {"pipelineRef": {"name": "other"}}}': "pipelineRef cannot be changed",
        '{"spec": {"podTemplate": {"nodeSelector": {"a": "b"}}}}': "podTemplate cannot be changed",
        '{"spec": {"pendingTimeout": "2h"}}': "pendingTimeout cannot be changed",
    }
    patch = ("patch", "pipelineruns.levada.dev", "fixed", "-n", shared.namespace, "--type=merge", "-p")
    for edit, words in edits.items():
        with pytest.raises(KubectlError, match=words):
            kubectl(*patch, edit)
    shared.delete("fixed")
