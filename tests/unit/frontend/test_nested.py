"""Nested pipelines: what goes down into them, what comes out, and that a few lines of them cannot take for ever."""

import pytest

from levada.frontend.loops import written_items
from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistakes
from levada.frontend.native import build_graph, build_run
from levada.frontend.references import references
from levada.graph.outputs import offered
from levada.graph.policies import Cache

NUMBER = {
    "outputs": [{"name": "x", "type": "Integer"}],
    "implementation": {"container": {"image": "i", "args": [{"outputPath": "x"}]}},
}
ONE = {"name": "one", "componentSpec": NUMBER}
OUT = {"x": {"task": "one", "output": "x"}}


def nested(inner, name="one", **fields):
    return {"name": name, "pipelineSpec": inner, **fields}


def mistakes_of(*arguments):
    with pytest.raises(InvalidSpecError) as caught:
        build_graph(*arguments)
    return "\n".join(mistake.message for mistake in caught.value.mistakes)


def test_of_templates_the_nearer_counts_and_the_others_are_merged_under_it():
    def labels(**given):
        return {"podTemplate": {"labels": given}}

    inner = {"tasks": [ONE | labels(e="task")], **labels(d="inner", e="inner")}
    outer = {"tasks": [nested(inner, **labels(c="outer task", d="outer task"))], **labels(b="outer", c="outer")}
    graph, _ = build_run({"pipelineSpec": outer, **labels(a="run", b="run")}, {}, {})
    assert graph.tasks["one"].body.tasks["one"].pod["labels"] == {
        "a": "run",
        "b": "outer",
        "c": "outer task",
        "d": "inner",
        "e": "task",
    }


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ({}, None),
        ({"run": {"salt": "run"}}, Cache(salt="run")),
        ({"run": {}, "outer": {"salt": "outer"}}, Cache(salt="outer")),
        ({"outer": {}, "task": {"maxStaleness": "P1D"}}, Cache(86_400)),
        ({"task": {}, "inner": {"singleFlight": False}}, Cache(single_flight=False)),
        ({"inner": {}, "leaf": {"disabled": True}}, Cache(is_disabled=True)),
        ({"inner": {"disabled": True}, "leaf": {}}, Cache()),
    ],
)
def test_of_caches_the_nearest_counts_alone(places, found):
    def given(place):
        return {"cache": places[place]} if place in places else {}

    inner = {"tasks": [ONE | given("leaf")], **given("inner")}
    outer = {"tasks": [nested(inner, **given("task"))], **given("outer")}
    graph, _ = build_run({"pipelineSpec": outer, **given("run")}, {}, {})
    assert graph.tasks["one"].body.tasks["one"].cache == found


def test_what_holds_for_a_run_as_a_whole_is_that_of_its_own_pipeline_or_its_own():
    inner = {"tasks": [ONE], "timeout": "1m", "failFast": True, "parallelism": 1}
    outer = {"tasks": [{"name": "one", "pipelineRef": {"name": "inner"}}], "timeout": "1h", "parallelism": 8}
    pipelines = {"inner": inner, "outer": outer}
    graph, _ = build_run({"pipelineRef": {"name": "outer"}, "parallelism": 4}, pipelines, {})
    assert (graph.timeout, graph.fails_fast, graph.parallelism) == (3600, False, 4)
    body = graph.tasks["one"].body
    assert (body.timeout, body.fails_fast, body.parallelism) == (None, False, None)


def test_outputs_keep_their_types_through_every_level():
    spec = {"tasks": [ONE], "outputs": OUT}
    for _ in range(10):
        spec = {"tasks": [nested(spec)], "outputs": OUT}
    (output,) = offered(build_graph(spec, {}, {})).values()
    assert (output.name, output.type) == ("x", "Integer")


def test_a_loop_of_loops_gives_a_list_and_artifacts_a_list_of_lists():
    model = {"outputs": [{"name": "x", "type": "Model"}], "implementation": NUMBER["implementation"]}
    collected = {"x": {"collect": {"task": "one", "output": "x"}}}
    loop = {"forEach": {"items": [1, 2]}}
    inner = {"tasks": [{"name": "one", "componentSpec": model, **loop}], "outputs": collected}
    graph = build_graph({"tasks": [nested(inner, **loop)], "outputs": collected}, {}, {})
    assert offered(graph)["x"].type == "List[List[Model]]"


def test_pipelines_are_nested_16_levels_deep_and_no_deeper():
    pipelines = {str(level): {"tasks": [{"name": "a", "pipelineRef": {"name": str(level + 1)}}]} for level in range(17)}
    pipelines["17"] = {"tasks": [ONE]}
    assert build_graph(pipelines["1"], pipelines, {}).tasks
    assert mistakes_of(pipelines["0"], pipelines, {}) == "pipelines are nested deeper than 16 levels"


def test_ten_pipelines_that_each_hold_the_next_ten_times_are_refused_at_once():
    def holding(level):
        outputs = {f"x{i}": {"task": f"t{i}", "output": f"x{i}"} for i in range(10)}
        tasks = [{"name": f"t{i}", "pipelineRef": {"name": str(level + 1)}} for i in range(10)]
        return {"tasks": tasks, "outputs": outputs}

    pipelines = {str(level): holding(level) for level in range(10)} | {"10": {"tasks": [ONE]}}
    assert "with all that is nested there are more than 20,000 tasks" in mistakes_of(pipelines["0"], pipelines, {})


def test_a_matrix_counts_by_name_so_that_the_order_of_its_keys_does_not_matter():
    mistakes = Mistakes()
    items = [
        written_items({"matrix": matrix}, SPEC, mistakes)
        for matrix in ({"b": [1, 2], "a": ["x", "y"]}, {"a": ["x", "y"], "b": [1, 2]})
    ]
    assert items[0] == items[1] == [{"a": a, "b": b} for a in "xy" for b in (1, 2)]
    assert not mistakes


@pytest.mark.parametrize("loop", [{"items": [0] * 10_001}, {"matrix": {"a": [0] * 101, "b": [0] * 100}}])
def test_a_loop_over_too_much_is_refused_before_it_is_made(loop):
    mistakes = Mistakes()
    assert written_items(loop, SPEC, mistakes) == []
    assert "10,000" in next(iter(mistakes)).message


@pytest.mark.parametrize(("items", "tasks"), [(198, None), (200, "20,200")])
def test_a_loop_whose_written_items_make_too_many_tasks_is_refused(items, tasks):
    inner = {"tasks": [ONE | {"name": f"t{number}"} for number in range(100)]}
    spec = {"tasks": [nested(inner, forEach={"items": [0] * items})]}
    if tasks is None:
        assert build_graph(spec, {}, {}).size == 1
    else:
        assert f"the iterations have {tasks} tasks in all, and a run at most 20,000" in mistakes_of(spec, {}, {})


def test_a_loop_counts_once_in_what_it_is_nested_in():
    inner = {"tasks": [ONE, ONE | {"name": "two", "forEach": {"items": [0] * 5000}}]}
    spec = {"tasks": [nested(inner, forEach={"items": [0] * 6000})]}
    assert build_graph(spec, {}, {}).tasks["one"].size == 3


def test_references_are_followed_through_tasks_finally_and_nested_pipelines():
    def refers(**names):
        return [{"name": key.lower(), key: {"name": name}} for key, name in names.items()]

    spec = {"tasks": [nested({"tasks": refers(componentRef="a"), "finally": refers(pipelineRef="p")})]}
    known = {"Pipeline": {"p": {"tasks": refers(componentRef="b", pipelineRef="p")}}}
    found = {("Component", "a"), ("Pipeline", "p")}
    assert references(spec, {}) == found
    assert references(spec, known) == references({"pipelineSpec": spec}, known) == found | {("Component", "b")}
    assert references({"pipelineRef": {"name": "p"}}, known) == {("Pipeline", "p"), ("Component", "b")}
