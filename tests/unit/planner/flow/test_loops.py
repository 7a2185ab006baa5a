"""Loops: what each iteration gets, when it begins, and what others get of all of them."""

from dataclasses import replace

import pytest

from levada.graph.model import (
    ABSENT,
    After,
    Artifact,
    Collect,
    Component,
    Graph,
    Input,
    Item,
    Literal,
    Loop,
    Output,
    Parameter,
    Task,
    TaskOutput,
)
from levada.graph.policies import Retry
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import Shards, standing, tasks_status
from unit.planner.graphs import component, graph, task
from unit.planner.simulation import NOW, play

ITEMS = [{"x": 3}, {"x": 1}, {"x": 2}]
THREE = Literal(ITEMS)
LISTS = Component({"l": Input("l", "List", True)}, {}, "image")


def loop(name="fit", items=THREE, parallelism=None, **changes):
    body = component("x")
    return replace(Task(name, body, {"x": Item(("x",))}), loop=Loop(items, parallelism), **changes)


def collecting(missing="Fail", output="n", task_name="fit"):
    return Task("all", LISTS, {"l": Collect(task_name, output, missing)})


def square(path, inputs, attempt):
    return Success({"n": inputs["x"] ** 2} if "x" in inputs else {})


def phases(run):
    return {path: str(node.phase) for path, node in run.nodes.items()}


def ended(run, path, **outputs):
    run.observe(path, 0, Success(outputs), NOW)


def restarted(run, shape, inputs=None):
    """The run built anew from its record."""
    rows = decode_rows(encode_rows([row_of(node, None) for node in run.nodes.values() if node.changed]))
    again = Run(shape, inputs or {})
    for row in rows:
        again.restore(row.path, node_of(row, again.nodes[row.path], row.outputs or {}), NOW)
    return again


def test_each_item_is_one_iteration_and_outputs_are_collected_in_the_order_of_the_items():
    run = Run(graph(loop(), collecting()), {})
    starts = [start.leaf.path for start in run.plan(NOW).starts]
    assert starts == ["fit[0]", "fit[1]", "fit[2]"]
    for path in reversed(starts):
        ended(run, path, n=run.leaves[path].inputs["x"] * 10)
    (last,) = run.plan(NOW).starts
    assert (last.leaf.path, last.inputs["l"]) == ("all", [30, 10, 20])


def test_the_whole_item_is_bound_by_an_empty_path_and_lists_are_reached_by_index():
    body = component("whole", "part")
    shape = graph(replace(Task("a", body, {"whole": Item(), "part": Item(("1",))}), loop=Loop(Literal([[1, 2]]))))
    run = Run(shape, {})
    assert run.nodes["a[0]"].reason == reasons.INVALID_ITEM  # [1, 2] is no Integer
    shape = graph(replace(Task("a", component("part"), {"part": Item(("1",))}), loop=Loop(Literal([[1, 2]]))))
    assert Run(shape, {}).plan(NOW).starts[0].inputs == {"part": 2}


def test_items_may_come_from_a_parameter_or_from_a_task():
    lister = Task("list", Component({}, {"items": Output("items", "List", True)}, "image"))
    shape = graph(lister, loop(items=TaskOutput("list", "items")), collecting())
    run = Run(shape, {})
    assert run.counts.total() == 2
    assert play(
        run, lambda path, inputs, _: Success({"items": ITEMS}) if path == "list" else square("", inputs, 0)
    ) == [
        "list#0",
        "fit[0]#0",
        "fit[1]#0",
        "fit[2]#0",
        "all#0",
    ]
    assert run.counts.total() == 5
    assert [leaf.path for leaf in Run(graph(loop(items=Parameter("p"))), {"p": ITEMS}).leaves.values()] == [
        "fit[0]",
        "fit[1]",
        "fit[2]",
    ]


def test_an_empty_list_succeeds_with_empty_results():
    run = Run(graph(loop(items=Literal([])), collecting()), {})
    assert run.nodes["fit"].phase is Phase.SUCCEEDED
    assert run.plan(NOW).starts[0].inputs == {"l": []}
    models = Component({}, {"model": Output("model", "Model", False)}, "image")
    empty = replace(Task("fit", models), loop=Loop(Literal([])))
    shape = Graph({}, {"fit": empty}, {"models": Collect("fit", "model")})
    assert Run(shape, {}).root.outputs == {"models": ()}


def test_no_more_iterations_are_under_way_than_its_parallelism_and_they_begin_in_order():
    run = Run(graph(loop(items=Literal([{"x": index} for index in range(5)]), parallelism=2)), {})
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["fit[0]", "fit[1]"]
    ended(run, "fit[1]", n=1)
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["fit[2]"]
    ended(run, "fit[0]", n=1)
    ended(run, "fit[2]", n=1)
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["fit[3]", "fit[4]"]


def test_an_iteration_that_ends_at_once_makes_room_for_the_next():
    conditional = loop(parallelism=1, when="inputs.x > 1")
    run = Run(graph(conditional), {})
    assert play(run, square) == ["fit[0]#0", "fit[2]#0"]
    assert (run.nodes["fit[1]"].phase, run.nodes["fit[1]"].reason) == (Phase.SKIPPED, "ConditionFalse")
    assert standing(run).phase == "Succeeded"


def test_a_failed_iteration_fails_the_loop_but_lets_the_others_end():
    run = Run(graph(loop(), collecting()), {})
    play(run, lambda path, inputs, _: Failure("Error", "broke", 1) if path == "fit[1]" else square(path, inputs, 0))
    assert phases(run) == {
        "fit": "Failed",
        "all": "Skipped",
        "fit[0]": "Succeeded",
        "fit[1]": "Failed",
        "fit[2]": "Succeeded",
    }
    assert [node.path for node in run.failures] == ["fit[1]"]
    assert standing(run).message.startswith("task fit[1] failed: Error: broke")


@pytest.mark.parametrize(("missing", "expected"), [("Omit", [9, 4]), ("Null", [9, None, 4])])
def test_what_a_tolerated_iteration_did_not_make_is_left_out_or_null(missing, expected):
    run = Run(graph(loop(is_tolerated=True), collecting(missing)), {})
    seen = {}

    def act(path, inputs, attempt):
        seen[path] = inputs
        return Failure("Error", "broke", 1) if path == "fit[1]" else square(path, inputs, 0)

    play(run, act)
    assert seen["all"] == {"l": expected}
    assert standing(run).phase == "Succeeded"


def test_what_collects_an_output_that_an_iteration_did_not_make_fails_and_says_what_would_do():
    run = Run(graph(loop(when="inputs.x > 1"), collecting()), {})
    play(run, square)
    failed = run.nodes["all"]
    assert (failed.phase, failed.reason) == (Phase.FAILED, reasons.ITEM_MISSING)
    assert "fit[1] was skipped" in failed.message
    assert "`missing: Omit`" in failed.message
    (row,) = [row for row in tasks_status(run, Shards())["tasks"] if row["path"] == "all"]
    assert "attempts" not in row


def test_at_takes_the_output_of_one_iteration_by_an_index_that_another_task_finds():
    models = Component({"x": Input("x", "Integer", True)}, {"m": Output("m", "Model", False)}, "image")
    fit = replace(Task("fit", models, {"x": Item(("x",))}), loop=Loop(Literal(ITEMS)))
    deploy = Task(
        "deploy",
        Component({"model": Input("model", "Model", False)}, {}, "image"),
        {"model": TaskOutput("fit", "m", at=TaskOutput("best", "n"))},
    )
    run = Run(graph(fit, task("best", after=(After("fit"),)), deploy), {})
    seen = {}

    def act(path, inputs, attempt):
        seen[path] = inputs
        return Success({"n": 2} if path == "best" else {"m": Artifact(f"s3://b/{path}", "sha256:1")})

    play(run, act)
    assert seen["deploy"]["model"].uri == "s3://b/fit[2]"


@pytest.mark.parametrize("index", [3, -1])
def test_an_index_out_of_range_fails_the_task_that_asks_for_it(index):
    user = Task("use", component("n"), {"n": TaskOutput("fit", "n", at=Literal(index))})
    run = Run(graph(loop(), user), {})
    play(run, square)
    assert (run.nodes["use"].reason, run.nodes["use"].message) == (
        reasons.INVALID_INDEX,
        f"input 'n': fit has no iteration {index}; it has 0 to 2",
    )


def test_loops_nest_by_graphs_and_collect_nested_lists():
    inner = Graph(
        {"xs": Input("xs", "List", True)},
        {"fit": replace(Task("fit", component("x"), {"x": Item()}), loop=Loop(Parameter("xs")))},
        {"ns": Collect("fit", "n")},
    )
    sweep = replace(Task("sweep", inner, {"xs": Item()}), loop=Loop(Literal([[1, 2], [], [3]])))
    run = Run(graph(sweep, Task("all", LISTS, {"l": Collect("sweep", "ns")})), {})
    seen = {}

    def act(path, inputs, attempt):
        seen[path] = inputs
        return square(path, inputs, attempt)

    play(run, act)
    assert seen["all"] == {"l": [[1, 4], [], [9]]}
    assert "sweep[0].fit[1]" in run.leaves


def test_a_loop_is_skipped_as_a_whole_when_what_all_iterations_need_was_skipped():
    body = component("x", "n")
    fit = replace(Task("fit", body, {"x": Item(("x",)), "n": TaskOutput("a", "n")}), loop=Loop(Literal(ITEMS)))
    run = Run(graph(replace(task("a"), when="false"), fit, collecting()), {})
    assert phases(run) == {"a": "Skipped", "fit": "Skipped", "all": "Skipped"}


def test_an_item_without_the_field_fails_its_iteration_and_names_the_field():
    run = Run(graph(loop(items=Literal([{"x": 1}, {"y": 1}]))), {})
    play(run, square)
    assert run.nodes["fit[1]"].reason == reasons.INVALID_ITEM
    assert "has no 'x'" in run.nodes["fit[1]"].message
    assert run.nodes["fit[0]"].phase is Phase.SUCCEEDED


def test_items_that_are_no_list_or_too_many_fail_the_loop():
    run = Run(graph(loop(items=Parameter("p"))), {"p": "abc"})
    assert (run.is_final, run.nodes["fit"].reason) == (True, reasons.INVALID_ITEM)
    assert standing(run).message.startswith("task fit failed: InvalidItem: forEach needs a list, not abc")
    run = Run(graph(loop(items=Literal([{"x": 1}] * 10_001))), {})
    assert run.nodes["fit"].reason == reasons.TOO_MANY_ITEMS


def test_an_absent_optional_list_is_an_empty_one():
    run = Run(graph(loop(items=Parameter("p"))), {"p": ABSENT})
    assert run.nodes["fit"].phase is Phase.SUCCEEDED


def test_a_restart_knows_the_iterations_and_what_became_of_them():
    lister = Task("list", Component({}, {"items": Output("items", "List", True)}, "image"))
    shape = graph(lister, loop(items=TaskOutput("list", "items"), parallelism=2), collecting())
    run = Run(shape, {})
    run.plan(NOW)
    ended(run, "list", items=ITEMS)
    assert len(run.plan(NOW).starts) == 2
    ended(run, "fit[1]", n=1)
    again = restarted(run, shape)
    assert (again.nodes["fit[1]"].phase, again.nodes["fit"].phase) == (Phase.SUCCEEDED, Phase.RUNNING)
    assert {start.leaf.path for start in again.plan(NOW).starts} == {"fit[0]", "fit[2]"}
    for path in ("fit[0]", "fit[2]"):
        ended(again, path, n=5)
    assert again.plan(NOW).starts[0].inputs == {"l": [5, 1, 5]}


def test_a_cancelled_run_ends_iterations_that_never_began_too():
    run = Run(graph(loop(parallelism=1), loop("later", items=Collect("fit", "n"))), {})
    run.plan(NOW)
    run.steer(NOW, suspend=False, cancel=True)
    run.observe("fit[0]", 0, Failure("Error", "killed", 137), NOW, dead=True)
    assert run.is_final
    assert set(phases(run).values()) == {"Cancelled"}


def test_ten_thousand_iterations_stay_within_the_size_of_a_status():
    run = Run(graph(loop(items=Literal([{"x": index} for index in range(10_000)]))), {})
    for start in run.plan(NOW).starts:
        ended(run, start.leaf.path, n=start.inputs["x"])
    status = tasks_status(run, Shards())
    assert status["counts"]["succeeded"] == 10_000
    assert len(status["taskStates"]) < 1_000_000


def test_groups_stand_in_the_status_and_are_not_counted():
    run = Run(graph(loop(), collecting()), {})
    play(run, square)
    status = tasks_status(run, Shards())
    assert [row["path"] for row in status["tasks"]] == ["fit", "fit[0]", "fit[1]", "fit[2]", "all"]
    assert status["tasks"][0]["phase"] == "Succeeded"
    assert "attempts" not in status["tasks"][0]
    assert status["counts"]["total"] == 4


def test_retries_are_of_each_iteration():
    run = Run(graph(loop(retry=Retry(limit=1))), {})
    tried = play(
        run, lambda path, inputs, n: Failure("Error", "x", 1) if (path, n) == ("fit[1]", 0) else square(path, inputs, n)
    )
    assert tried == ["fit[0]#0", "fit[1]#0", "fit[2]#0", "fit[1]#1"]
    assert standing(run).phase == "Succeeded"
