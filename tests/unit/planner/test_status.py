"""The status of a run: what people, kubectl, Helm, Flux and Argo CD read."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from levada.graph.model import TaskOutput
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import BULKY, FAILED_SHOWN, READABLE_TASKS, decode_rows, node_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import (
    _TRUTH,
    Shards,
    Standing,
    conditions,
    head_status,
    standing,
    stopped_tasks,
    tasks_status,
)
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "status.md"
TYPES = ["Succeeded", "Ready", "Reconciling", "Stalled"]


def ran(*outcomes):
    """A run of independent tasks `t0`, `t1`, ..., each with its outcome (None: not observed)."""
    run = Run(graph(*(task(f"t{index}") for index in range(len(outcomes)))), {})
    run.plan(NOW)
    for index, outcome in enumerate(outcomes):
        if outcome is not None:
            run.observe(f"t{index}", 0, outcome, NOW)
    return run


class TestStanding:
    def test_a_run_goes_on_until_its_last_task_ended(self):
        assert standing(ran(Failure(reasons.ERROR, "broke"), None)).phase == "Running"

    def test_the_first_failure_is_named_and_the_others_are_counted(self):
        verdict = standing(ran(Failure(reasons.ERROR, "broke"), Failure(reasons.TIMEOUT, "late")))
        assert (verdict.phase, verdict.reason) == ("Failed", "TaskFailed")
        assert verdict.message == "task t0 failed: Error: broke (and 1 more)"


class TestConditions:
    def test_are_those_of_the_documented_table(self):
        rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|", PAGE.read_text(), re.MULTILINE)
        of_runs = [row for row in rows if row[0] in _TRUTH]
        assert {"Pending", "Running", "Succeeded", "Failed"} <= {phase for phase, *_ in of_runs}
        for phase, *truth in of_runs:
            made = conditions(Standing(phase, "Reason", "message"), [], 3, NOW)
            assert [item["type"] for item in made] == TYPES
            assert [item["status"] for item in made] == truth
            assert {item["observedGeneration"] for item in made} == {3}

    def test_kstatus_never_reads_an_unfinished_run_as_done(self):
        for phase, truth in _TRUTH.items():
            _, ready, reconciling, stalled = truth
            over = Standing(phase, "").is_final
            assert (ready == "True") == (phase == "Succeeded")
            assert not (over and reconciling == "True")
            assert (stalled == "True") == (over and phase != "Succeeded")

    def test_a_transition_time_moves_only_with_its_conditions_status(self):
        first = conditions(Standing("Running", "Running"), [], 1, NOW)
        later = conditions(Standing("Running", "Running", "1 done"), first, 1, NOW + timedelta(hours=1))
        done = conditions(Standing("Succeeded", "Succeeded"), later, 1, NOW + timedelta(hours=2))
        assert [item["lastTransitionTime"] for item in later] == ["2026-01-01T12:00:00Z"] * 4
        moved = {item["type"]: item["lastTransitionTime"] != "2026-01-01T12:00:00Z" for item in done}
        assert moved == {"Succeeded": True, "Ready": True, "Reconciling": True, "Stalled": False}


def test_a_finished_run_keeps_its_first_completion_time():
    done = head_status(Standing("Succeeded", "Succeeded"), {}, 1, NOW - timedelta(seconds=75), NOW)
    again = head_status(Standing("Succeeded", "Succeeded"), done, 1, NOW, NOW + timedelta(hours=1))
    assert done["duration"] == "1m15s"
    assert again["completionTime"] == done["completionTime"] == "2026-01-01T12:00:00Z"


class TestTasks:
    def test_counts_and_progress_add_up(self):
        status = tasks_status(ran(Success({"n": 1}), Failure(reasons.ERROR, "x"), Running(NOW), None), Shards())
        assert status["progress"] == "2/4"
        assert status["counts"] == {"total": 4, "pending": 1, "running": 1, "succeeded": 1, "cached": 0, "skipped": 0,
                                    "failed": 1, "cancelled": 0}  # fmt: skip

    def test_each_shows_what_a_person_asks_about(self):
        failed = Failure(reasons.ERROR, "exited with code 3", 3, "last line", NOW, NOW)
        (shown,) = tasks_status(ran(failed), Shards())["tasks"]
        assert shown == {"path": "t0", "phase": "Failed", "reason": "Error", "message": "exited with code 3",
                         "exitCode": 3, "attempts": 1, "logTail": "last line",
                         "startTime": "2026-01-01T12:00:00Z", "completionTime": "2026-01-01T12:00:00Z"}  # fmt: skip

    def test_a_large_run_lists_the_first_failures_only(self):
        count = READABLE_TASKS + 1
        status = tasks_status(ran(*[Failure(reasons.ERROR, "x")] * count), Shards())
        assert [item["path"] for item in status["tasks"]] == [f"t{index}" for index in range(FAILED_SHOWN)]
        assert len(decode_rows(status["taskStates"])) == count

    def test_ten_thousand_tasks_with_outputs_stay_small(self):
        # A request over 1.5 MiB is refused.
        status = tasks_status(ran(*[Success({"n": index}, NOW, NOW) for index in range(10_000)]), Shards())
        assert len(str(status)) < 400_000

    def test_a_run_that_ends_before_its_tasks_calls_them_cancelled(self):
        status = tasks_status(ran(Success({"n": 1}), Running(NOW), None), Shards())
        stopped = stopped_tasks(status)
        assert [item["phase"] for item in stopped["tasks"]] == ["Succeeded", "Cancelled", "Cancelled"]
        assert stopped["counts"] | {"total": 3} == status["counts"] | {"running": 0, "pending": 0, "cancelled": 2}


def test_what_is_recorded_of_a_task_comes_back_as_it_was():
    run = ran(Success({"n": 2**53 + 1}, NOW, NOW), Failure(reasons.DISRUPTED, "drained", 143), Running(NOW))
    rows = {row.path: row for row in decode_rows(tasks_status(run, Shards())["taskStates"])}
    for path in ("t0", "t1", "t2"):
        leaf, again = run.leaves[path], node_of(rows[path], run.leaves[path], rows[path].outputs or {})
        for name in ("phase", "attempt", "infra_failures", "reason", "message", "started", "finished", "outputs"):
            assert getattr(again, name) == getattr(leaf, name), name


class TestBulkyOutputs:
    def test_stand_outside_of_the_status_and_small_ones_in_it(self):
        run = ran(Success({"n": "x" * BULKY}), Success({"n": 1}))
        (group,) = Shards().unplaced(run)
        assert list(group) == ["t0"]
        shards = Shards({"t0": 0}, ["run-outputs-0"])
        assert shards.unplaced(run) == []
        rows = decode_rows(tasks_status(run, shards)["taskStates"])
        assert [(row.outputs, row.shard) for row in rows] == [(None, 0), ({"n": 1}, None)]

    def test_are_spread_so_that_no_config_map_grows_too_large(self):
        run = ran(*[Success({"n": "x" * 500_000})] * 3)
        assert [list(group) for group in Shards().unplaced(run)] == [["t0"], ["t1"], ["t2"]]


def test_the_runs_own_outputs_appear_when_it_is_over():
    run = Run(graph(task("a"), outputs={"score": TaskOutput("a", "n")}), {})
    run.plan(NOW)
    assert "outputs" not in tasks_status(run, Shards())
    run.observe("a", 0, Success({"n": 7}), NOW)
    assert run.root.phase is Phase.SUCCEEDED
    assert tasks_status(run, Shards())["outputs"] == {"score": 7}
