"""Two graphs are the same only if everything that makes a difference is; every field is looked at."""

from dataclasses import fields, replace

import pytest

from levada.frontend.convert.equality import differences, settled
from levada.graph.model import (
    After,
    Component,
    Compose,
    External,
    Graph,
    Input,
    Literal,
    Loop,
    Output,
    Parameter,
    Task,
    TaskOutput,
)
from levada.graph.policies import Cache, Retry
from levada.graph.types import ANY, STRING

TEXT = Input("text", STRING, is_parameter=True, is_optional=True, declared=False)
NUMBER = Input("n", "Integer", is_parameter=True)
RUNS = Component({"text": TEXT, "n": NUMBER}, {"out": Output("out", "Model", is_parameter=False)}, "image")
TASK = Task("t", RUNS, {"text": Literal("a"), "n": Parameter("n")})
GRAPH = Graph({"n": NUMBER}, {"t": TASK})


def unlike(wanted, found):
    return list(differences(settled(wanted), settled(found)))


def with_task(**changes):
    return replace(GRAPH, tasks={"t": replace(TASK, **changes)})


CHANGES = {
    "name": "u",
    "inputs": {"text": Literal("b"), "n": Parameter("n")},
    "after": (After("s"),),
    "pod": {"labels": {"a": "b"}},
    "retry": Retry(limit=1),
    "timeout": 60,
    "is_tolerated": True,
    "when": "true",
    "loop": Loop(Literal([1])),
    "cache": Cache(),
    "bound_pod": Compose({}),
}


@pytest.mark.parametrize("field", [field.name for field in fields(Task) if field.name not in ("body", "falls_back")])
def test_every_field_of_a_task_counts(field):
    assert unlike(GRAPH, GRAPH) == []
    assert unlike(GRAPH, with_task(**{field: CHANGES[field]})) == [("t", field)]


COMPONENT_CHANGES = {
    "inputs": {"text": TEXT, "n": replace(NUMBER, type="Float")},
    "outputs": {},
    "image": "another",
    "command": ("a",),
    "args": ("a",),
    "env": {"A": "b"},
    "resources": {"limits": {"cpu": "1"}},
    "output_grace": 1,
    "log_tail": False,
    "convention": "Kubeflow",
}


@pytest.mark.parametrize("field", [field.name for field in fields(Component)])
def test_every_field_of_a_component_counts(field):
    found = with_task(body=replace(RUNS, **{field: COMPONENT_CHANGES[field]}))
    assert unlike(GRAPH, found) == [("t", f"{field} of what it runs")]


@pytest.mark.parametrize(("field", "value"), [
    ("inputs", {"n": replace(NUMBER, is_optional=True)}),
    ("inputs", {"n": replace(NUMBER, declared=False)}),
    ("outputs", {"n": Parameter("n")}),
    ("timeout", 60),
    ("fails_fast", True),
    ("parallelism", 1),
])  # fmt: skip
def test_every_field_of_a_graph_counts_at_every_depth(field, value):
    found = replace(GRAPH, **{field: value})
    assert unlike(GRAPH, found) == [("", field)]
    outer, other = (Graph({}, {"o": Task("o", graph, {"n": Literal(1)})}) for graph in (GRAPH, found))
    assert unlike(outer, other) == [("o", field)]


def test_missing_tasks_and_other_bodies_are_named():
    assert unlike(GRAPH, replace(GRAPH, tasks={})) == [("t", "name")]
    assert unlike(GRAPH, with_task(body=Graph(RUNS.inputs, {"x": TASK}))) == [("t", "kind of what it runs")]


def test_an_input_falls_back_only_where_what_another_task_makes_may_be_absent():
    def falling(**inputs):
        return with_task(falls_back=True, inputs={**TASK.inputs, **inputs}), with_task(inputs={**TASK.inputs, **inputs})

    assert unlike(*falling(text=TaskOutput("s", "out"))) == [("t", "falls_back")]
    assert unlike(*falling(n=TaskOutput("s", "out"))) == []
    assert unlike(*falling(text=Literal("a"))) == []


def test_values_for_text_count_by_their_text_and_null_for_nothing():
    def given(**inputs):
        return with_task(inputs={"n": Parameter("n"), **inputs})

    assert unlike(given(text=Literal(5)), given(text=Literal("5"))) == []
    assert unlike(given(text=Literal(None)), given()) == []
    assert unlike(given(text=Literal("")), given()) == [("t", "inputs")]
    assert unlike(given(n=Literal(5)), given(n=Literal("5"))) == [("t", "inputs")]


def test_a_graph_has_no_pod_and_no_policies_of_an_attempt():
    outer = Task("o", GRAPH, {"n": Literal(1)})
    other = replace(outer, retry=Retry(limit=2), cache=Cache(), pod={"labels": {}}, timeout=1)
    assert unlike(Graph({}, {"o": outer}), Graph({}, {"o": other})) == []


def test_an_importer_need_not_be_given_the_texts_that_it_does_not_look_at():
    def importer(declared, binding, made=None):
        body = Graph({"uri": declared}, {}, {"artifact": made or External("s3://b/k")})
        return Graph({}, {"i": Task("i", body, {"uri": binding})})

    uri = replace(TEXT, name="uri", is_optional=False)
    without = Graph({}, {"i": Task("i", Graph({}, {}, {"artifact": External("s3://b/k")}))})
    assert unlike(importer(uri, Literal("s3://b/k")), without) == []
    for other in (
        importer(uri, TaskOutput("s", "out")),
        importer(uri, Literal(None)),
        importer(replace(uri, type=ANY), Literal("s3://b/k")),
        importer(uri, Literal("s3://b/k"), External(Parameter("uri"))),
    ):
        assert unlike(other, without)
