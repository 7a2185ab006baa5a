"""A run has so many tasks all together and no more, however few lines describe them."""

from datetime import UTC, datetime

import pytest

from levada.api.limits import MOST_TASKS
from levada.graph.model import After, Graph, Input, Item, Literal, Loop, Parameter, Task
from levada.planner.attempt import Success
from levada.planner.encoding import decode_rows, node_of
from levada.planner.run import Run
from levada.planner.status import Shards, standing, tasks_status
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEW = 200


@pytest.fixture
def few(monkeypatch):
    """As if a run could have no more than that: what grows without end is noticed before it fills the memory."""
    monkeypatch.setattr("levada.planner.tree.MOST_TASKS", FEW)


def loop(name, body, items, **more):
    """A loop over so many items, or over those that a binding gives."""
    return Task(name, body, loop=Loop(Literal([0] * items) if isinstance(items, int) else items), **more)


def leaf():
    return task("x").body


def nested(*tasks):
    return Graph({}, {each.name: each for each in tasks})


def size(run):
    return len(run.nodes)


def told(run, path):
    node = run.nodes[path]
    return str(node.phase), node.reason


def succeed(run, *paths):
    for path in paths or list(run.leaves):
        run.observe(path, 0, Success({"n": 1}), NOW)


def again(run):
    rows = decode_rows(tasks_status(run, Shards())["taskStates"])
    after = Run(run.root.graph, {}, started=NOW, recorded=rows)
    for row in rows:
        after.restore(row.path, node_of(row, after.nodes[row.path], row.outputs or {}), NOW)
    return after


def test_a_run_may_have_as_many_as_the_limit_and_not_one_more(few):
    loops = (loop("a", leaf(), FEW // 2), loop("b", leaf(), FEW // 2 - 2))
    run = Run(graph(*loops), {})
    assert (size(run), len(run.plan(NOW).starts)) == (FEW, FEW - 2)
    one_more = Run(graph(task("c"), *loops), {})
    assert (size(one_more), told(one_more, "b")) == (FEW // 2 + 3, ("Failed", "TooManyTasks"))


def test_a_loop_for_which_there_is_no_room_fails_and_says_what_to_do():
    run = Run(graph(task("other"), loop("outer", nested(loop("inner", leaf(), 10_000)), 3)), {})
    assert [told(run, f"outer[{index}].inner") for index in range(3)] == [
        ("Running", ""),
        ("Failed", "TooManyTasks"),
        ("Failed", "TooManyTasks"),
    ]
    assert run.failed[0].message == (
        "its 10,000 iterations have 10,000 tasks, and the run has no room for them: at most 20,000 in all; "
        "loop over fewer items, give each more to do, or divide the work between runs"
    )
    succeed(run)
    verdict = standing(run)
    assert verdict.phase == "Failed"
    assert verdict.message.startswith("task outer[1].inner failed: TooManyTasks: its 10,000 iterations")


def test_the_rest_of_the_run_goes_on(few):
    run = Run(graph(task("other"), loop("many", leaf(), FEW)), {})
    assert told(run, "many") == ("Failed", "TooManyTasks")
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["other"]


def test_what_is_nested_in_an_iteration_counts_before_any_of_it_is_made(few):
    body = nested(*(task(f"t{number}") for number in range(FEW // 10)))
    run = Run(graph(loop("outer", body, 10)), {})
    assert (list(run.leaves), told(run, "outer")) == ([], ("Failed", "TooManyTasks"))


def test_a_loop_that_is_tolerated_leaves_its_run_alone(few):
    run = Run(graph(task("other"), loop("outer", nested(loop("inner", leaf(), FEW)), 3, is_tolerated=True)), {})
    succeed(run)
    assert standing(run).phase == "Succeeded"


@pytest.mark.parametrize("first", ["a", "b"])
def test_who_had_room_before_a_restart_has_it_after_whatever_is_seen_first(few, first):
    third = FEW // 3
    loops = [loop(f"over-{name}", leaf(), third, after=(After(name),)) for name in "ab"]
    run = Run(graph(task("a"), task("b"), loop("full", leaf(), third), *loops), {})
    second = "b" if first == "a" else "a"
    succeed(run, first, second)
    after = again(run)
    for each in (run, after, again(after)):
        assert told(each, f"over-{first}") == ("Running", "")
        assert told(each, f"over-{second}") == ("Failed", "TooManyTasks")
        assert list(each.leaves) == list(run.leaves)


def test_what_another_version_let_grow_over_the_limit_goes_on(monkeypatch):
    whole = graph(loop("a", leaf(), 4), loop("b", leaf(), 4))
    before = Run(whole, {})
    succeed(before, "b[3]")
    monkeypatch.setattr("levada.planner.tree.MOST_TASKS", 5)
    after = again(before)
    assert list(after.leaves) == list(before.leaves)
    assert told(after, "b[3]") == ("Succeeded", "")
    assert told(Run(whole, {}), "b") == ("Failed", "TooManyTasks")


def test_thousands_of_loops_that_find_no_room_are_told_so_at_once():
    big = nested(*(task(f"t{number}") for number in range(9_000)))
    inner = Graph({"items": Input("items", "List", True)}, {"inner": loop("inner", big, Parameter("items"))})
    outer = Task("outer", inner, {"items": Item()}, loop=Loop(Literal([[0, 0, 0]] * 5_000)))
    run = Run(graph(outer), {})
    assert {told(run, f"outer[{index}].inner") for index in range(5_000)} == {("Failed", "TooManyTasks")}
    assert size(run) == 10_001 < MOST_TASKS
