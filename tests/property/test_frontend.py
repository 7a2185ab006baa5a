"""Whatever a person writes, the frontend finds a graph or names mistakes; it never breaks."""

import copy
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from levada.frontend.documents import read_documents
from levada.frontend.mistakes import InvalidSpecError
from levada.frontend.native import build_run
from levada.frontend.objects import check_objects, find_objects

RUN = {
    "parameters": {"epochs": 5, "data": {"uri": "s3://b/data"}},
    "podTemplate": {"nodeSelector": {"a": "b"}, "env": [{"name": "E", "value": "1"}]},
    "pipelineSpec": {
        "parameters": [{"name": "epochs", "type": "Integer", "default": 1}, {"name": "data", "type": "Dataset"}],
        "tasks": [
            {
                "name": "train",
                "inputs": {"n": {"parameter": "epochs"}, "d": {"parameter": "data"}, "s": {"value": "x"}},
                "componentSpec": {
                    "inputs": [{"name": "n", "type": "int"}, {"name": "d"}, {"name": "s", "optional": True}],
                    "outputs": [{"name": "model", "type": "Model"}],
                    "implementation": {
                        "container": {
                            "image": "i",
                            "command": ["a", {"inputPath": "d"}, {"concat": ["--n=", {"inputValue": "n"}]}],
                            "args": [{"if": {"cond": {"isPresent": "s"}, "then": [{"inputValue": "s"}]}},
                                     {"outputPath": "model"}],
                            "env": {"A": {"inputValue": "n"}},
                            "resources": {"limits": {"cpu": 0.5}},
                        }
                    },
                },
            },
            {"name": "use", "componentRef": {"name": "c"}, "after": ["train", {"task": "train"}],
             "inputs": {"m": {"task": "train", "output": "model"}}},
        ],
        "outputs": {"model": {"task": "train", "output": "model"}, "all": {"collect": {"task": "loop", "output": "x"}}},
        "finally": [
            {"name": "last", "pipelineRef": {"name": "p"}, "inputs": {"s": {"run": "phase"}, "l": {"run": "failures"}}},
            {"name": "gate", "approval": {"message": "m", "timeout": "1h"}, "after": ["last"]},
        ],
    },
}  # fmt: skip
_NUMBER = {
    "inputs": [{"name": "x", "type": "Integer"}],
    "outputs": [{"name": "x", "type": "Integer"}],
    "implementation": {"container": {"image": "i", "args": [{"inputValue": "x"}, {"outputPath": "x"}]}},
}
RUN["pipelineSpec"]["tasks"] += [
    {"name": "loop", "forEach": {"items": [{"n": 1}, {"n": 2}], "as": "p", "parallelism": 1}, "componentSpec": _NUMBER,
     "inputs": {"x": {"item": "p.n"}}, "cache": {"maxStaleness": "P7D"}},
    {"name": "grid", "forEach": {"matrix": {"n": [1, 2], "m": ["a"]}}, "inputs": {"x": {"item": "item.n"}},
     "pipelineSpec": {"parameters": [{"name": "x", "type": "Integer"}],
                      "tasks": [{"name": "one", "componentSpec": _NUMBER, "inputs": {"x": {"parameter": "x"}}}],
                      "outputs": {"x": {"task": "one", "output": "x"}}}},
    {"name": "best", "componentSpec": _NUMBER, "inputs": {"x": {"task": "grid", "output": "x", "at": {"value": 0}}}},
    {"name": "raw", "importer": {"uri": {"concat": ["s3://", {"inputValue": "n"}]},
                                 "metadata": {"d": {"inputValue": "d"}}},
     "inputs": {"n": {"concat": ["n-", {"parameter": "epochs"}]}, "d": {"status": "best"}}},
    {"name": "inner", "componentSpec": _NUMBER, "when": "inputs.d.n == 1", "inputs": {
        "x": {"parameter": "epochs", "path": "n.0"},
        "d": {"dict": {"n": {"list": [{"value": 1}, {"concat": [{"parameter": "epochs"}]}]}}}}},
]  # fmt: skip
PIPELINES = {
    "p": {
        "parameters": [{"name": "s", "type": "String"}, {"name": "l", "type": "List"}],
        "tasks": [{"name": "g", "approval": {}, "when": "inputs.s == 'Failed'", "inputs": {"s": {"parameter": "s"}}}],
    }
}
COMPONENTS = {"c": {"inputs": [{"name": "m", "type": "Model"}],
                    "implementation": {"container": {"image": "i", "args": [{"inputUri": "m"}]}}}}  # fmt: skip

_names = st.sampled_from(
    [
        "name",
        "type",
        "value",
        "task",
        "items",
        "as",
        "at",
        "item",
        "pipelineSpec",
        "parameter",
        "output",
        "inputs",
        "if",
        "then",
        "concat",
        "n",
        "d",
        "",
        "x",
        "path",
        "list",
        "dict",
        "status",
        "importer",
        "uri",
    ]
)
_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _names
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3), max_leaves=6
)


def places(node, path=()):
    """Every place in a document."""
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@st.composite
def broken(draw):
    """A run's spec with one to three places replaced, removed or added to."""
    document = {"spec": copy.deepcopy(RUN)}
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([path for path in places(document) if path]))
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        target = holder[path[-1]]
        if action == "add" and isinstance(target, dict):
            target[draw(_names)] = draw(_values)
        elif action == "remove" and path != ("spec",):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(_values)
    return document["spec"]


def test_the_document_that_is_broken_below_is_whole():
    graph, inputs = build_run(RUN, PIPELINES, COMPONENTS)
    assert (list(graph.tasks), inputs["epochs"]) == (["train", "use", "loop", "grid", "best", "raw", "inner"], 5)
    assert list(graph.finals) == ["last", "gate"]


@settings(max_examples=300)
@given(broken())
def test_a_broken_spec_is_read_or_refused_with_reasons(spec):
    try:
        graph, _ = build_run(spec, PIPELINES, COMPONENTS)
    except InvalidSpecError as error:
        assert error.mistakes
        assert all(mistake.message for mistake in error.mistakes)
    else:
        assert graph.tasks


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_a_file_of_anything_is_read_or_refused_with_lines(content):
    documents, unreadable = read_documents("file.yaml", content)
    objects, misplaced = find_objects(documents)
    for mistake in [*unreadable, *misplaced, *check_objects(objects)]:
        assert mistake.line >= 1


@settings(max_examples=100)
@given(st.data())
def test_the_example_with_some_of_its_characters_changed_is_read_or_refused(data):
    folder = Path(__file__).parents[2] / "manifests" / "examples" / "breast-cancer"
    text = (folder / "pipeline.yaml").read_text() + "\n---\n" + (folder / "run-a.yaml").read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text = text[:place] + data.draw(st.sampled_from(list(":-{}[]#&*!|>'\"%@`\t \n,?0ay~"))) + text[place + 1 :]
    documents, unreadable = read_documents("file.yaml", text.encode())
    objects, misplaced = find_objects(documents)
    for mistake in [*unreadable, *misplaced, *check_objects(objects)]:
        assert mistake.line >= 1
