"""Bindings that are made of others, and importers: what they are in the graph, and what is wrong with them."""

import pytest

from levada.api.bindings import Binding
from levada.frontend.mistakes import InvalidSpecError
from levada.frontend.native import build_graph, build_run
from levada.graph.model import (
    Compose,
    External,
    Field,
    FinalStatus,
    Graph,
    Input,
    Item,
    Literal,
    Parameter,
    TaskOutput,
    Text,
)
from levada.graph.policies import Cache
from levada.graph.types import ANY, STRING

MAKE = {
    "inputs": [{"name": "n", "type": "Integer", "optional": True}],
    "outputs": [{"name": "number", "type": "Integer"}, {"name": "data", "type": "Dataset"}],
    "implementation": {"container": {"image": "i", "args": [{"outputPath": "number"}, {"outputPath": "data"}]}},
}
TAKE = {
    "inputs": [{"name": name, "type": type_, "optional": True} for name, type_ in (
        ("text", "String"), ("list", "List"), ("dict", "Dict"), ("number", "Integer"), ("data", "Dataset"),
    )],
    "implementation": {"container": {"image": "i"}},
}  # fmt: skip
MADE = {"task": "make", "output": "number"}


def graph_with(task, **pipeline):
    """A pipeline with a task `make` and this one, which runs `TAKE` unless it says what it runs."""
    body = {} if task.keys() & {"importer", "pipelineSpec"} else {"componentSpec": TAKE}
    tasks = [{"name": "make", "componentSpec": MAKE}, {"name": "take", **body, **task}]
    return build_graph({"parameters": [{"name": "p"}], "tasks": tasks, **pipeline}, {}, {})


def bound(target, binding, **task):
    return graph_with({"inputs": {target: binding}, **task}).tasks["take"].inputs[target]


def mistakes_of(task, **pipeline):
    with pytest.raises(InvalidSpecError) as caught:
        graph_with(task, **pipeline)
    return [str(mistake).removeprefix("spec.tasks[1].") for mistake in caught.value.mistakes]


@pytest.mark.parametrize(("target", "written", "read"), [
    ("text", {"concat": ["a", {"parameter": "p"}, MADE]}, Text(("a", Parameter("p"), TaskOutput("make", "number")))),
    ("text", {"concat": [{"value": 1}, {"concat": ["b"]}]}, Text((Literal(1), Text(("b",))))),
    ("list", {"list": [{"value": 1}, MADE]}, Compose([1, TaskOutput("make", "number")])),
    ("dict", {"dict": {"a": {"value": "x"}, "b": MADE}}, Compose({"a": "x", "b": TaskOutput("make", "number")})),
    ("dict", {"dict": {"a": {"list": [{"dict": {}}, MADE]}}}, Compose({"a": [{}, TaskOutput("make", "number")]})),
    ("dict", {"status": "make"}, FinalStatus("make")),
    ("number", {"parameter": "p", "path": "a.0"}, Field(Parameter("p"), ("a", "0"))),
    ("list", {"parameter": "p", "path": ""}, Field(Parameter("p"))),
    ("text", {"status": "make", "path": "error.message"}, Field(FinalStatus("make"), ("error", "message"))),
])  # fmt: skip
def test_a_binding_may_be_made_of_others(target, written, read):
    assert bound(target, written) == read


def test_the_item_of_a_loop_may_stand_in_text():
    loop = {"items": [1, 2]}
    assert bound("text", {"concat": ["n", {"item": "item"}]}, forEach=loop) == Text(("n", Item()))


def test_tasks_wait_for_all_that_a_binding_is_made_of():
    task = graph_with({"inputs": {"list": {"list": [{"dict": {"a": MADE}}]}, "dict": {"status": "make"}}}).tasks["take"]
    assert task.predecessors() == ["make"]


@pytest.mark.parametrize(("inputs", "mistakes"), [
    ({"number": {"concat": ["a"]}},
     ["inputs.number.concat: input 'number' takes an Integer, but the concat is a String"]),
    ({"list": {"dict": {}}}, ["inputs.list.dict: input 'list' takes a List, but the dict is a Dict"]),
    ({"text": {"status": "make"}},
     ["inputs.text.status: input 'text' takes a String, but the status of task 'make' is a Dict"]),
    ({"dict": {"status": "mak"}}, ["inputs.dict.status: there is no task 'mak' (did you mean 'make'?)"]),
    ({"text": {"concat": ["a", {"parameter": "q"}]}}, ["inputs.text.concat[1].parameter: there is no parameter 'q'"]),
    ({"text": {"concat": [1]}}, ["inputs.text.concat[0]: expected a map, found an Integer; write {value: 1}"]),
    ({"list": {"list": [{}]}},
     [f"inputs.list.list[0]: exactly one of {', '.join(Binding.EXACTLY_ONE)} is needed, none given"]),
    ({"dict": {"dict": {"a": {"task": "make", "output": "numer"}}}},
     ["inputs.dict.dict.a.output: there is no output of task 'make' called 'numer' (did you mean 'number'?)"]),
    ({"data": {**MADE, "path": "a"}},
     ["inputs.data.path: input 'data' takes an artifact of type Dataset, but what a path leads to is a value"]),
    ({"text": {"task": "make", "output": "data", "path": "a"}},
     ["inputs.text.path: output 'data' of task 'make' is an artifact of type Dataset, which has no fields"]),
    ({"text": {"parameter": "p", "path": "a..b"}},
     ["inputs.text.path: 'a..b': expected keys of maps and indices of lists with dots between them, such as train.lr"]),
])  # fmt: skip
def test_what_is_wrong_in_a_binding_has_its_place(inputs, mistakes):
    assert mistakes_of({"inputs": inputs}) == mistakes


def test_an_importer_is_a_graph_that_makes_an_artifact_of_its_inputs():
    importer = {
        "uri": {"inputValue": "place"},
        "type": "Dataset",
        "metadata": {"n": 1, "day": {"inputValue": "day"}, "in": [{"concat": ["a-", {"inputValue": "day"}]}]},
    }
    graph = graph_with({"importer": importer, "inputs": {"place": {"parameter": "p"}, "day": {"run": "startTime"}}})
    day = Parameter("day")
    metadata = {"n": 1, "day": Text((day,)), "in": [Text(("a-", day))]}
    inputs = {name: Input(name, STRING, is_parameter=True, declared=False) for name in ("place", "day")}
    made = External(Parameter("place"), "Dataset", metadata)
    assert graph.tasks["take"].body == Graph(inputs, {}, {"artifact": made})


def test_an_importer_offers_its_artifact():
    user = {"name": "use", "componentSpec": TAKE, "inputs": {"data": {"task": "take", "output": "artifact"}}}
    tasks = [{"name": "take", "importer": {"uri": "s3://b/k", "type": "Model"}}, user]
    with pytest.raises(InvalidSpecError, match="takes an artifact of type Dataset, but output 'artifact'"):
        build_graph({"tasks": tasks}, {}, {})
    tasks[0]["importer"]["type"] = "Dataset"
    assert build_graph({"tasks": tasks}, {}, {}).tasks["use"].inputs["data"] == TaskOutput("take", "artifact")


@pytest.mark.parametrize(("task", "mistake"), [
    ({"importer": {}}, "importer.uri: is required"),
    ({"importer": {"uri": "data"}},
     "importer.uri: expected a URI such as s3://bucket/folder/, {inputValue: ...} or {concat: [...]}"),
    ({"importer": {"uri": {"inputPath": "x"}}},
     "importer.uri: expected a URI such as s3://bucket/folder/, {inputValue: ...} or {concat: [...]}"),
    ({"importer": {"uri": {"concat": ["s3://b/", {"outputUri": "x"}]}}},
     "importer.uri: an importer knows text and {inputValue: ...} only"),
    ({"importer": {"uri": {"inputValue": "x"}}}, "inputs: the required input 'x' is missing"),
    ({"importer": {"uri": "s3://b/k"}, "inputs": {"x": {"value": 1}}}, "inputs.x: there is no input 'x'"),
    ({"importer": {"uri": "s3://b/k"}, "retry": {"limit": 1}}, "retry: an importer is not tried again"),
])  # fmt: skip
def test_what_is_wrong_with_an_importer_has_its_place(task, mistake):
    assert mistakes_of(task) == [mistake]


def test_a_parameter_of_any_type_hands_every_value_on():
    inner = {"parameters": [{"name": "x", "type": "Any"}], "tasks": [
        {"name": "in", "componentSpec": TAKE, "inputs": {"number": {"parameter": "x"}, "text": {"parameter": "x"}}},
    ]}  # fmt: skip
    for value in ("a", 1, [1], {"a": 1}):
        body = graph_with({"pipelineSpec": inner, "inputs": {"x": {"value": value}}}).tasks["take"].body
        assert body.inputs["x"].type == ANY
    assert mistakes_of({"pipelineSpec": inner, "inputs": {"x": {"task": "make", "output": "data"}}}) == [
        "inputs.x: input 'x' takes an Any, but output 'data' of task 'make' is an artifact of type Dataset"
    ]


def test_the_default_of_a_parameter_of_any_type_is_taken_as_it_is_written():
    def given(**parameter):
        spec = {
            "parameters": [{"name": "x", "type": "Any", **parameter}],
            "tasks": [{"name": "t", "componentSpec": TAKE}],
        }
        return build_run({"pipelineSpec": spec}, {}, {})[1]["x"]

    assert given(default="5") == "5"
    assert given(default=5) == 5


def test_a_parameter_without_a_type_takes_every_value_by_its_text_where_its_uses_do():
    untyped = {
        "inputs": [{"name": "x"}],
        "implementation": {"container": {"image": "i", "args": [{"inputValue": "x"}]}},
    }
    task = {"name": "t", "componentSpec": untyped, "inputs": {"x": {"parameter": "p"}}}
    spec = {"parameters": [{"name": "p"}], "tasks": [task]}
    assert build_run({"pipelineSpec": spec, "parameters": {"p": 5}}, {}, {})[1] == {"p": "5"}


def test_a_cache_may_have_a_key():
    assert graph_with({"cache": {"key": "k"}}).tasks["take"].cache == Cache(key="k")
