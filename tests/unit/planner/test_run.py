from datetime import UTC, datetime, timedelta

import pytest

from levada.graph.model import After, Graph, Task, TaskOutput
from levada.planner import reasons
from levada.planner.attempt import Doomed, Failure, Running, Success, Waiting
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def started(run: Run, now: datetime = NOW) -> list[str]:
    return [start.leaf.path for start in run.plan(now).starts]


def succeed(run: Run, path: str, value: int = 1) -> None:
    run.observe(path, run.leaves[path].attempt, Success({"n": value}), NOW)


def fail(run: Run, path: str, reason: str = reasons.ERROR, now: datetime = NOW) -> None:
    run.observe(path, run.leaves[path].attempt, Failure(reason, "broke", 1), now)


def test_tasks_without_predecessors_start_side_by_side_and_once():
    run = Run(graph(task("a"), task("b"), task("c", needs=("a", "b"))), {})
    assert started(run) == ["a", "b"]
    assert started(run) == []


def test_a_task_starts_when_its_last_input_is_there_and_gets_its_value():
    run = Run(graph(task("a"), task("b"), task("c", needs=("a", "b"))), {})
    started(run)
    succeed(run, "a", 4)
    assert started(run) == []
    succeed(run, "b", 5)
    (start,) = run.plan(NOW).starts
    assert (start.leaf.path, start.inputs) == ("c", {"a": 4, "b": 5})


def test_a_failure_skips_what_needs_it_and_leaves_the_other_branch_alone():
    run = Run(graph(task("a"), task("b", needs=("a",)), task("x"), task("y", needs=("x",))), {})
    started(run)
    fail(run, "a")
    assert (run.leaves["b"].phase, run.leaves["b"].reason) == (Phase.SKIPPED, reasons.UPSTREAM_FAILED)
    succeed(run, "x")
    assert started(run) == ["y"]
    assert not run.is_final
    succeed(run, "y")
    assert run.root.phase is Phase.FAILED


@pytest.mark.parametrize(("optional", "phase"), [(True, Phase.PENDING), (False, Phase.SKIPPED)])
def test_the_consumer_of_a_skipped_task_runs_only_if_it_can_do_without(optional, phase):
    run = Run(graph(task("a"), task("b", needs=("a",)), task("c", needs=("b",), optional=optional)), {})
    started(run)
    fail(run, "a")
    assert run.leaves["c"].phase is phase


def test_a_failed_producer_skips_even_a_consumer_that_could_do_without():
    run = Run(graph(task("a"), task("b", needs=("a",), optional=True)), {})
    started(run)
    fail(run, "a")
    assert run.leaves["b"].phase is Phase.SKIPPED


def test_plain_after_only_orders_and_require_success_skips():
    run = Run(graph(task("a"), task("b", after=(After("a"),)), task("c", after=(After("a", True),))), {})
    assert started(run) == ["a"]
    fail(run, "a")
    assert started(run) == ["b"]
    assert run.leaves["c"].phase is Phase.SKIPPED


def test_an_infrastructure_failure_is_tried_again_only_after_it_was_recorded_and_after_a_wait():
    run = Run(graph(task("a")), {})
    started(run)
    fail(run, "a", reasons.DISRUPTED)
    plan = run.plan(NOW)
    assert plan.starts == []
    assert plan.wake is not None
    assert run.plan(plan.wake).flush
    assert run.plan(plan.wake).starts == []
    run.mark_recorded(run.version)
    (start,) = run.plan(plan.wake).starts
    assert start.attempt == 1


@pytest.mark.parametrize("failures", [0, 1])
def test_what_a_running_task_waited_for_is_not_told_once_it_is_over(failures):
    run = Run(graph(task("a")), {})
    for attempt in range(failures):
        started(run, NOW + timedelta(hours=attempt))
        fail(run, "a", reasons.POD_LOST)
        run.mark_recorded(run.version)
    started(run, NOW + timedelta(days=1))
    leaf = run.leaves["a"]
    run.observe("a", failures, Running(NOW), NOW)
    run.observe("a", failures, Waiting("PodLost", "it is gone"), NOW)
    assert (leaf.phase, leaf.reason, leaf.message.split(";")[0]) == (Phase.RUNNING, "PodLost", "it is gone")
    run.observe("a", failures, Running(NOW), NOW)
    assert (leaf.phase, leaf.reason, leaf.message) == (Phase.RUNNING, "", "")


def test_infrastructure_failures_end_a_task_when_their_budget_is_spent():
    run = Run(graph(task("a")), {})
    now = NOW
    for attempt in range(reasons.further_attempts(reasons.STORE_UNAVAILABLE) + 1):
        run.mark_recorded(run.version)
        (start,) = run.plan(now).starts
        assert start.attempt == attempt
        fail(run, "a", reasons.STORE_UNAVAILABLE, now)
        now += timedelta(minutes=5)
    assert run.leaves["a"].phase is Phase.FAILED


def test_a_final_task_and_an_old_attempt_are_past_changing():
    run = Run(graph(task("a")), {})
    started(run)
    fail(run, "a", reasons.DISRUPTED)
    run.observe("a", 0, Success({"n": 9}), NOW)
    assert run.leaves["a"].phase is Phase.PENDING
    run.observe("a", 1, Success({"n": 2}), NOW)
    run.observe("a", 1, Running(), NOW)
    assert run.leaves["a"].outputs == {"n": 2}
    assert run.leaves["a"].phase is Phase.SUCCEEDED


def test_what_cannot_end_is_to_be_stopped_until_it_is_dead_and_only_then_decided():
    run = Run(graph(task("a")), {})
    started(run)
    doom = Doomed(Failure(reasons.PENDING_TIMEOUT, "too long"))
    run.observe("a", 0, doom, NOW)
    assert [leaf.path for leaf in run.plan(NOW).stops] == ["a"]
    assert [leaf.path for leaf in run.plan(NOW).stops] == ["a"]
    run.observe("a", 0, Success({"n": 1}), NOW)
    assert not run.is_final
    run.observe("a", 0, Running(), NOW, dead=True)
    assert run.leaves["a"].reason == reasons.PENDING_TIMEOUT
    assert run.plan(NOW).stops == []


def test_a_pod_is_let_go_only_after_its_result_was_recorded():
    run = Run(graph(task("a")), {})
    started(run)
    assert not run.is_recorded("a", 0)
    succeed(run, "a")
    assert not run.is_recorded("a", 0)
    run.mark_recorded(run.version)
    assert run.is_recorded("a", 0)


def test_nested_graphs_start_when_bound_and_hand_their_outputs_on():
    inner = Graph({}, {"x": task("x"), "y": task("y", needs=("x",))}, {"n": TaskOutput("y", "n")})
    run = Run(graph(task("a"), Task("g", inner, {}, (After("a"),)), task("z", needs=("g",))), {})
    assert started(run) == ["a"]
    succeed(run, "a")
    assert started(run) == ["g.x"]
    succeed(run, "g.x")
    assert started(run) == ["g.y"]
    succeed(run, "g.y", 7)
    (start,) = run.plan(NOW).starts
    assert start.inputs == {"g": 7}


def test_a_run_built_anew_from_its_rows_goes_on_where_it_was_and_runs_nothing_twice():
    shape = graph(task("a"), task("b", needs=("a",)), task("c", needs=("b",)))
    before = Run(shape, {})
    started(before)
    succeed(before, "a", 3)
    started(before)
    before.observe("b", 0, Running(NOW), NOW)
    rows = decode_rows(encode_rows([row_of(leaf, None) for leaf in before.leaves.values() if leaf.changed]))
    after = Run(shape, {})
    for row in rows:
        after.restore(row.path, node_of(row, after.leaves[row.path], row.outputs or {}), NOW)
    assert started(after) == []
    succeed(after, "b", 4)
    (start,) = after.plan(NOW).starts
    assert (start.leaf.path, start.inputs) == ("c", {"b": 4})


def test_a_chain_of_ten_thousand_is_no_deeper_than_one_of_two():
    tasks = [task("t0"), *(task(f"t{i}", needs=(f"t{i - 1}",)) for i in range(1, 10_000))]
    run = Run(graph(*tasks), {})
    started(run)
    fail(run, "t0")
    assert run.counts[Phase.SKIPPED] == 9_999
    assert run.is_final
