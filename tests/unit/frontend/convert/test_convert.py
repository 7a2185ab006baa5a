"""Compiled pipelines as native objects: how each thing is said, and what is refused by the name of its task."""

import json

import pytest

from levada.frontend.convert.documents import convert
from levada.frontend.documents import read_documents
from unit.frontend.kfp.documents import (
    DATASET,
    LIST,
    NUMBER,
    TEXT,
    compiled,
    component,
    constant,
    container,
    output_of,
    parameters,
    task,
)

RUN = {"run": container("{{$}}")}
SAYS = component(outputs={"parameters": {"Output": TEXT, "all": LIST}, "artifacts": {"data": DATASET}})
HEARS = component({"parameters": {"text": TEXT, "more": {**TEXT, "isOptional": True}}})
TAKES = component({"parameters": {"n": NUMBER, "map": {"parameterType": "STRUCT", "isOptional": True}}})
CHOOSES = component({"parameters": {"text": TEXT}}, label="choose")
COMPONENTS = {"says": SAYS, "hears": HEARS, "takes": TAKES, "chooses": CHOOSES}
CHOOSE = {"choose": {"container": {"image": "{{$.inputs.parameters['text']}}"}}}
KFP = {"inputs": [{"name": "text"}, {"name": "more", "optional": True}], "convention": "Kubeflow", "implementation": {
    "container": {"image": "python:3.11", "command": ["run"], "args": [{"executorInput": {}}]},
}}  # fmt: skip
DEFAULTS = {"cacheKey": "", "enableCache": True}


def converted(text):
    """The objects by kind and name, and the messages."""
    objects, located = convert(read_documents("p.yaml", text.encode())[0])
    found = {f"{item['kind']}/{item['metadata']['name']}": item["spec"] for item in objects}
    return found, [mistake.message for mistake in located]


def pipeline(*arguments, **more):
    """The one Pipeline that a document is."""
    found, messages = converted(compiled(*arguments, **more))
    assert messages == []
    return found["Pipeline/test"]


def task_like(name="hears", text="a", **more):
    """What the task `t` becomes that runs `name`, beside a task `s` that says something."""
    inputs = more.pop("inputs", {"parameters": {"text": constant(text)} if name == "hears" else {"n": constant(1)}})
    tasks = {"s": task("says"), "t": task(name, inputs=inputs, **more)}
    found = pipeline(tasks, COMPONENTS, RUN)["tasks"][1]
    assert found.pop("name") == "t"
    assert found.pop("componentRef") == {"name": "test-t"}
    return found


def test_a_document_is_a_pipeline_and_the_components_that_it_runs():
    tasks = {"t": task("hears", **parameters(text={"componentInputParameter": "word"}))}
    inputs = {"parameters": {"word": {**TEXT, "defaultValue": "a"}, "n": {**NUMBER, "isOptional": True}}}
    found, messages = converted(compiled(tasks, {"hears": HEARS}, RUN, inputs=inputs))
    assert messages == []
    assert found == {
        "Component/test-t": KFP,
        "Pipeline/test": {
            "parameters": [{"name": "word", "default": "a"}, {"name": "n", "type": "Integer", "optional": True}],
            "tasks": [
                {"name": "t", "componentRef": {"name": "test-t"}, "inputs": {"text": {"parameter": "word"}}},
            ],
        },
    }


def test_tasks_that_run_the_same_share_a_component():
    tasks = {name: task("hears", **parameters(text=constant("a"))) for name in ("one", "two")}
    other = {"hears": HEARS, "again": component({"parameters": {"text": TEXT}}, label="run")}
    tasks["three"] = task("again", **parameters(text=constant("a")))
    spec = pipeline(tasks, other, RUN)
    assert [item["componentRef"]["name"] for item in spec["tasks"]] == ["test-one", "test-one", "test-three"]


def test_tasks_of_the_same_name_in_two_graphs_may_run_different_components():
    inner = {"dag": {"tasks": {"t": task("takes", **parameters(n=constant(1)))}}}
    tasks = {"t": task("hears", **parameters(text=constant("a"))), "u": task("inner")}
    found, _ = converted(compiled(tasks, {**COMPONENTS, "inner": inner}, RUN))
    assert sorted(found) == ["Component/test-t", "Component/test-t-2", "Pipeline/test"]
    nested = found["Pipeline/test"]["tasks"][1]["pipelineSpec"]
    assert nested["tasks"][0]["componentRef"] == {"name": "test-t-2"}


def test_the_description_is_taken_over():
    document = json.loads(compiled({"t": task("hears", **parameters(text=constant("a")))}, COMPONENTS, RUN))
    document["pipelineInfo"]["description"] = "Says a."
    assert converted(json.dumps(document))[0]["Pipeline/test"]["description"] == "Says a."


@pytest.mark.parametrize(("value", "said"), [
    (constant("a"), {"value": "a"}),
    (constant(5.0), {"value": "5"}),
    (output_of("s"), {"task": "s", "output": "Output"}),
    (output_of("s") | {"parameterExpressionSelector": 'parseJson(string_value)["a"][0]'},
     {"task": "s", "output": "Output", "path": "a.0"}),
    (output_of("s") | {"parameterExpressionSelector": "parseJson(string_value)"},
     {"task": "s", "output": "Output", "path": ""}),
    (constant("in {{$.pipeline_job_name}}"), {"concat": ["in ", {"run": "name"}]}),
    (constant("{{$.pipeline_task_name}}"), {"value": "t"}),
])  # fmt: skip
def test_where_an_input_comes_from(value, said):
    if "parameterExpressionSelector" in value:
        inputs = {"parameters": {"text": constant("a"), "more": value}}
        assert task_like(inputs=inputs)["inputs"]["more"] == said
    else:
        assert task_like(inputs={"parameters": {"text": value}})["inputs"] == {"text": said}


def test_values_within_maps_and_lists_are_bindings_of_their_own():
    job = {"name": "{{$.pipeline_job_uuid}}", "tags": ["a", 1, "{{$.pipeline_job_uuid}}-b"]}
    inputs = {"parameters": {"n": constant(1), "map": constant(job)}}
    uid = {"run": "uid"}
    assert task_like("takes", inputs=inputs)["inputs"]["map"] == {
        "dict": {
            "name": {"concat": [uid]},
            "tags": {"list": [{"value": "a"}, {"value": 1}, {"concat": [uid, "-b"]}]},
        }
    }


def test_null_for_what_may_be_absent_is_left_out():
    assert "more" not in task_like(inputs={"parameters": {"text": constant("a"), "more": constant(None)}})["inputs"]


def test_dependencies_require_success_but_where_failures_are_ignored():
    assert task_like(dependentTasks=["s"])["after"] == [{"task": "s", "require": "Succeeded"}]
    ignoring = task_like(dependentTasks=["s"], triggerPolicy={"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"})
    assert (ignoring["after"], ignoring["onFailure"]) == (["s"], "Continue")


def test_a_condition_is_a_when():
    policy = {"condition": "inputs.parameter_values['text'] == 'a'"}
    assert task_like(triggerPolicy=policy)["when"] == "inputs[\"text\"] == 'a'"


@pytest.mark.parametrize(("policy", "said"), [
    ({"maxRetryCount": 3}, {"limit": 3, "backoff": {"initial": "0s", "max": "1h"}}),
    ({"maxRetryCount": 1, "backoffDuration": "10s", "backoffFactor": 1.5, "backoffMaxDuration": "90s"},
     {"limit": 1, "backoff": {"factor": 1.5, "max": "90s"}}),
])  # fmt: skip
def test_a_retry_policy(policy, said):
    assert task_like(retryPolicy=policy)["retry"] == said


def test_a_retry_policy_of_a_graph_is_said_of_its_tasks():
    inner = {"dag": {"tasks": {"deep": task("hears", **parameters(text=constant("a")))}}}
    [outer] = pipeline({"o": task("inner", retryPolicy={"maxRetryCount": 2})}, {**COMPONENTS, "inner": inner}, RUN)[
        "tasks"
    ]
    assert "retry" not in outer
    assert outer["pipelineSpec"]["tasks"][0]["retry"]["limit"] == 2


def test_caching_is_said_once_where_all_tasks_have_it():
    def spec(**options):
        tasks = {
            name: task("hears", cachingOptions=option, **parameters(text=constant("a")))
            for name, option in options.items()
        }
        return pipeline(tasks, COMPONENTS, RUN)

    on, off = {"enableCache": True}, {}
    both = spec(a=on, b=on)
    assert (both["cache"], [item.get("cache") for item in both["tasks"]]) == ({}, [None, None])
    one = spec(a=on, b=off)
    assert ("cache" in one, [item.get("cache") for item in one["tasks"]]) == (False, [{}, None])
    keyed = spec(a=on | {"cacheKey": "k"}, b=on)
    assert ("cache" in keyed, [item.get("cache") for item in keyed["tasks"]]) == (False, [{"key": "k"}, {}])


def looping(iterator, inputs, **more):
    """What a task becomes that repeats a graph; `item` is what the graph is given."""
    dag = {"tasks": {"in": task("hears", **parameters(text={"componentInputParameter": "item"}))}}
    inner = {"dag": dag, "inputDefinitions": {"parameters": {"item": TEXT, "from": {**TEXT, "isOptional": True}}}}
    tasks = {"s": task("says"), "l": task("inner", parameterIterator=iterator, **parameters(**inputs), **more)}
    return pipeline(tasks, {**COMPONENTS, "inner": inner}, RUN)["tasks"][1]


def test_a_loop_over_what_is_written_out():
    found = looping({"itemInput": "item", "items": {"raw": '["a", 1]'}}, {}, iteratorPolicy={"parallelismLimit": 2})
    assert found["forEach"] == {"items": ["a", 1], "parallelism": 2}
    assert found["inputs"] == {"item": {"item": "item"}}
    assert found["pipelineSpec"]["parameters"][0] == {"name": "item", "type": "Any"}


def test_a_loop_over_an_output_says_whether_that_is_a_list_or_text():
    iterator = {"itemInput": "item", "items": {"inputParameter": "from"}}
    assert looping(iterator, {"from": output_of("s", "all")})["forEach"] == {"items": {"task": "s", "output": "all"}}
    items = {"task": "s", "output": "Output", "path": ""}
    assert looping(iterator, {"from": output_of("s")})["forEach"] == {"items": items}


def test_an_exit_handler():
    final = component({"parameters": {"status": {"parameterType": "TASK_FINAL_STATUS", "isOptional": True}}})
    inner = {"dag": {"tasks": {"deep": task("hears", **parameters(text=constant("a")))}}}
    tasks = {
        "handled": task("inner"),
        "last": task(
            "final",
            "handled",
            triggerPolicy={"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
            **parameters(status={"taskFinalStatus": {"producerTask": "handled"}}),
        ),
    }
    assert pipeline(tasks, {**COMPONENTS, "inner": inner, "final": final}, RUN)["tasks"][1] == {
        "name": "last",
        "componentRef": {"name": "test-last"},
        "inputs": {"status": {"status": "handled"}},
        "after": ["handled"],
        "onFailure": "Continue",
    }


@pytest.mark.parametrize(("importer", "said", "inputs"), [
    ({"artifactUri": {"constant": "s3://b/k"}}, {"uri": "s3://b/k"}, None),
    ({"artifactUri": {"runtimeParameter": "uri"}, "typeSchema": DATASET["artifactType"]},
     {"uri": {"inputValue": "uri"}, "type": "Dataset"}, {"uri": {"value": "s3://b/k"}}),
    ({"artifactUri": {"constant": "s3://b/k"}, "metadata": {"n": 1, "of": ["{{$.inputs.parameters['uri']}}"]}},
     {"uri": "s3://b/k", "metadata": {"n": 1, "of": [{"inputValue": "uri"}]}}, {"uri": {"value": "s3://b/k"}}),
    ({"artifactUri": {"constant": "{{$.inputs.parameters['uri']}}/x"}},
     {"uri": {"concat": [{"inputValue": "uri"}, "/x"]}}, {"uri": {"value": "s3://b/k"}}),
    ({"artifactUri": {"constant": "{{$.inputs.parameters['uri']}}"}},
     {"uri": {"concat": [{"inputValue": "uri"}]}}, {"uri": {"value": "s3://b/k"}}),
])  # fmt: skip
def test_an_importer(importer, said, inputs):
    takes = component({"parameters": {"uri": TEXT}}, {"artifacts": {"artifact": DATASET}}, label="import")
    tasks = {"i": task("import", **parameters(uri=constant("s3://b/k")))}
    [found] = pipeline(tasks, {"import": takes}, {"import": {"importer": importer}})["tasks"]
    assert found == {"name": "i", "importer": said} | ({"inputs": inputs} if inputs else {})


IGNORING = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}


@pytest.mark.parametrize(("tasks", "message"), [
    ({"t": task("hears", triggerPolicy=IGNORING, **parameters(text=constant("a"), more=output_of("s")))},
     "task t: its inputs fall back on their defaults where another task failed"),
    ({"t": task("chooses", **parameters(text=constant("a")))},
     "task t: the image comes from an input: a Component names its image itself"),
    ({"t": task("takes", **parameters(n=constant("1")))},
     "task t: inputs.n.value: expected an Integer, found a String; write it without quotes"),
    ({"t-" + 70 * "t": task("says")}, "task t-" + 70 * "t" + ": name: string should have at most 63 characters"),
    ({"t": task("hears", **parameters(text=output_of("s") | {
        "parameterExpressionSelector": 'parseJson(string_value)["a.b"]'}))},
     "task t: its inputs would not be the same"),
    ({"t": task("hears", retryPolicy={"maxRetryCount": 2000}, **parameters(text=constant("a")))},
     "task t: retry.limit: input should be less than or equal to 1000"),
])  # fmt: skip
def test_what_cannot_be_said_is_refused_by_the_name_of_its_task(tasks, message):
    _, messages = converted(compiled({"s": task("says"), **tasks}, COMPONENTS, RUN | CHOOSE))
    assert f"{message}, which cannot be said natively; the document runs as it is, also as `spec.kfp`" in messages


def test_a_task_in_a_graph_is_named_by_its_path():
    inner = {"dag": {"tasks": {"deep": task("takes", **parameters(n=constant("x")))}}}
    _, [message] = converted(compiled({"o": task("inner")}, {**COMPONENTS, "inner": inner}, RUN))
    assert message.startswith("task o.deep: inputs.n.value: expected an Integer, found a String, which cannot")


def test_claims_are_refused():
    make = component({"parameters": {"size": TEXT}}, {"parameters": {"name": TEXT}}, label="claim")
    executors = {"claim": {"container": {"image": "argostub/createpvc"}}}
    _, [message] = converted(
        compiled({"c": task("make", **parameters(size=constant("1Gi")))}, {"make": make}, executors)
    )
    assert message.startswith("task c: it creates a PersistentVolumeClaim, which cannot be said natively")


def test_what_is_wrong_with_the_document_is_told_as_ever():
    _, [message] = converted(compiled({"t": task("nothing")}, COMPONENTS, RUN))
    assert message == "there is no component 'nothing'"


def test_another_document_is_nothing_to_convert():
    assert converted("kind: Pipeline") == (
        {},
        ["this is no pipeline that kfp.compiler wrote: there is nothing to convert"],
    )
