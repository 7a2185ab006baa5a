"""Runs that end early, and runs that are taken up again."""

from datetime import UTC, datetime

from levada.planner.attempt import Failure, Running, Success, Waiting
from levada.planner.encoding import decode_rows, node_of
from levada.planner.nodes import Phase
from levada.planner.reasons import OUTPUTS_LOST, STORE_UNAVAILABLE
from levada.planner.run import Run
from levada.planner.status import Shards, stopped_tasks, tasks_status
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_tasks_of_a_run_that_is_stopped_count_as_cancelled():
    run = Run(graph(task("a"), task("b"), task("c", needs=("b",))), {})
    run.observe("a", 0, Success({"n": 1}), NOW)
    run.observe("b", 0, Running(NOW), NOW)
    status = stopped_tasks(tasks_status(run, Shards()))
    assert {item["path"]: item["phase"] for item in status["tasks"]} == {
        "a": "Succeeded",
        "b": "Cancelled",
        "c": "Cancelled",
    }
    assert status["counts"] == {
        "total": 3,
        "pending": 0,
        "running": 0,
        "succeeded": 1,
        "cached": 0,
        "skipped": 0,
        "failed": 0,
        "cancelled": 2,
    }
    assert {row.path: row.phase for row in decode_rows(status["taskStates"])} == {
        "a": Phase.SUCCEEDED,
        "b": Phase.CANCELLED,
    }


def test_a_pending_task_still_says_why_its_last_attempt_failed():
    run = Run(graph(task("a")), {})
    run.plan(NOW)
    run.observe("a", 0, Failure(STORE_UNAVAILABLE, "no answer"), NOW)
    run.observe("a", 1, Waiting("Staging", "the agent brings the inputs"), NOW)
    leaf = run.leaves["a"]
    assert leaf.reason == "Staging"
    assert "attempt 0 failed: StoreUnavailable: no answer" in leaf.message
    run.observe("a", 1, Running(NOW), NOW)
    assert (leaf.reason, leaf.message) == ("", "")


def test_attempts_are_remembered_over_more_than_one_restart():
    only = graph(task("a"))
    run = Run(only, {})
    run.plan(NOW)
    run.observe("a", 0, Failure(STORE_UNAVAILABLE, "no answer"), NOW)
    for _ in range(2):
        rows = decode_rows(tasks_status(run, Shards())["taskStates"])
        run = Run(only, {})
        for row in rows:
            run.restore(row.path, node_of(row, run.leaves[row.path], {}), NOW)
    leaf = run.leaves["a"]
    assert (leaf.attempt, leaf.infra_failures, leaf.trouble) == (1, 1, "attempt 0 failed: StoreUnavailable: no answer")


def test_work_whose_outputs_were_lost_is_done_once_more_and_not_again_and_again():
    run = Run(graph(task("a")), {})
    for attempt in range(2):
        assert run.leaves["a"].attempt == attempt
        run.observe("a", attempt, Failure(OUTPUTS_LOST, "killed"), NOW)
    assert run.leaves["a"].phase is Phase.FAILED
