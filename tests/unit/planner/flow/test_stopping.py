"""A run that is suspended, resumed or cancelled."""

from datetime import UTC, datetime

from levada.graph.model import After, Graph, Task, TaskOutput
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import standing
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def started(run):
    return [start.leaf.path for start in run.plan(NOW).starts]


def suspend(run, *, on=True):
    run.steer(NOW, suspend=on, cancel=False)


def cancel(run):
    run.steer(NOW, suspend=False, cancel=True)


def phases(run):
    return {path: str(leaf.phase) for path, leaf in run.leaves.items()}


def test_a_suspended_run_lets_running_tasks_end_and_starts_no_more_until_it_is_resumed():
    run = Run(graph(task("a"), task("b", needs=("a",))), {})
    assert started(run) == ["a"]
    suspend(run)
    run.observe("a", 0, Success({"n": 1}), NOW)
    assert started(run) == []
    assert (run.leaves["a"].phase, standing(run).phase) == (Phase.SUCCEEDED, "Suspended")
    suspend(run, on=False)
    assert started(run) == ["b"]
    assert standing(run).phase == "Running"


def test_a_run_suspended_before_its_first_task_starts_nothing():
    run = Run(graph(task("a")), {})
    suspend(run)
    plan = run.plan(NOW)
    assert (plan.starts, plan.stops, plan.wake) == ([], [], None)


def test_a_suspended_run_whose_last_task_ends_is_over():
    run = Run(graph(task("a")), {})
    started(run)
    suspend(run)
    run.observe("a", 0, Success({"n": 1}), NOW)
    assert standing(run).phase == "Succeeded"


def test_cancelling_ends_what_has_not_started_at_once_and_stops_what_runs():
    run = Run(graph(task("a"), task("b", needs=("a",)), task("c", after=(After("b"),))), {})
    started(run)
    run.observe("a", 0, Running(NOW), NOW)
    cancel(run)
    assert phases(run) == {"a": "Running", "b": "Cancelled", "c": "Cancelled"}
    assert [leaf.path for leaf in run.plan(NOW).stops] == ["a"]
    assert standing(run).reason == reasons.CANCELLING
    run.observe("a", 0, Failure(reasons.TIMEOUT, "stopped at its deadline", 143), NOW, dead=True)
    assert phases(run)["a"] == "Cancelled"
    assert (standing(run).phase, standing(run).reason) == ("Cancelled", "Cancelled")
    assert run.counts[Phase.CANCELLED] == 3


def test_a_cancelled_run_has_no_further_attempts():
    run = Run(graph(task("a")), {})
    started(run)
    cancel(run)
    run.observe("a", 0, Failure(reasons.DISRUPTED, "drained"), NOW, dead=True)
    assert run.is_final
    assert run.leaves["a"].attempt == 0


def test_cancelling_holds_between_two_attempts_too():
    run = Run(graph(task("a")), {})
    started(run)
    run.observe("a", 0, Failure(reasons.DISRUPTED, "drained"), NOW, dead=True)
    cancel(run)
    assert phases(run) == {"a": "Cancelled"}


def test_cancelling_outranks_suspension_and_cannot_be_taken_back():
    run = Run(graph(task("a")), {})
    started(run)
    run.steer(NOW, suspend=True, cancel=True)
    assert standing(run).phase == "Running"
    suspend(run, on=False)
    assert [leaf.path for leaf in run.plan(NOW).stops] == ["a"]


def test_a_failure_before_the_cancellation_does_not_hide_it():
    run = Run(graph(task("a"), task("b")), {})
    started(run)
    run.observe("a", 0, Failure(reasons.ERROR, "broke", 1), NOW)
    cancel(run)
    run.observe("b", 0, Failure(reasons.ERROR, "broke", 1), NOW, dead=True)
    assert phases(run) == {"a": "Failed", "b": "Cancelled"}
    assert standing(run).phase == "Cancelled"


def test_a_nested_graph_that_never_began_is_cancelled_with_all_its_tasks():
    inner = Graph({}, {"x": task("x"), "y": task("y", needs=("x",))}, {"n": TaskOutput("y", "n")})
    run = Run(graph(task("a"), Task("g", inner, {}, (After("a"),))), {})
    started(run)
    cancel(run)
    run.observe("a", 0, Running(NOW), NOW, dead=True)
    assert phases(run) == {"a": "Cancelled", "g.x": "Cancelled", "g.y": "Cancelled"}
    assert run.is_final


def test_a_cancellation_is_taken_up_after_a_restart_and_nothing_is_called_skipped():
    shape = graph(task("c", needs=("b",)), task("b", needs=("a",)), task("a"), task("x"))
    before = Run(shape, {})
    started(before)
    before.observe("x", 0, Running(NOW), NOW)
    before.observe("a", 0, Running(NOW), NOW)
    cancel(before)
    before.observe("a", 0, Running(NOW), NOW, dead=True)
    rows = decode_rows(encode_rows([row_of(leaf, None) for leaf in before.leaves.values() if leaf.changed]))
    after = Run(shape, {})
    for row in sorted(rows, key=lambda row: row.path):
        after.restore(row.path, node_of(row, after.leaves[row.path], row.outputs or {}), NOW)
    cancel(after)
    assert phases(after) == phases(before) == {"a": "Cancelled", "b": "Cancelled", "c": "Cancelled", "x": "Running"}
    assert [leaf.path for leaf in after.plan(NOW).stops] == ["x"]
    assert after.counts == before.counts
