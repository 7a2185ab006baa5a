"""Timeouts, failures that are tolerated, and runs that stop at the first one that is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from levada.graph.model import After, Graph, Task
from levada.graph.policies import Retry
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import standing
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ERROR = Failure(reasons.ERROR, "broke", 1)


def stops(run, now):
    return [leaf.path for leaf in run.plan(now).stops]


def begin(run, *paths, now=NOW):
    run.plan(now)
    for path in paths:
        run.observe(path, run.leaves[path].attempt, Running(now), now)


def phases(run):
    return {path: str(leaf.phase) for path, leaf in run.leaves.items()}


def test_an_attempt_is_stopped_at_its_timeout_counted_from_the_start_of_its_container():
    run = Run(graph(replace(task("a"), timeout=60)), {})
    begin(run, "a", now=NOW + HOUR)
    assert run.plan(NOW + HOUR).wake == NOW + HOUR + timedelta(seconds=60)
    assert stops(run, NOW + HOUR + timedelta(seconds=59)) == []
    assert stops(run, NOW + HOUR + timedelta(seconds=60)) == ["a"]
    run.observe("a", 0, Failure(reasons.ERROR, "", 143), NOW, dead=True)
    assert (run.leaves["a"].phase, run.leaves["a"].reason) == (Phase.FAILED, reasons.TIMEOUT)


def test_a_timeout_is_tried_again_and_each_attempt_has_the_whole_of_it():
    run = Run(graph(replace(task("a"), timeout=60, retry=Retry(limit=1, first=0))), {})
    begin(run, "a")
    assert stops(run, NOW + HOUR) == ["a"]
    run.observe("a", 0, Running(NOW), NOW + HOUR, dead=True)
    run.mark_recorded(run.version)
    begin(run, "a", now=NOW + HOUR)
    assert run.leaves["a"].attempt == 1
    assert stops(run, NOW + HOUR) == []
    assert run.plan(NOW + HOUR).wake == NOW + HOUR + timedelta(seconds=60)


def test_a_timeout_goes_on_counting_through_a_restart():
    before = Run(graph(replace(task("a"), timeout=60)), {})
    begin(before, "a")
    (row,) = decode_rows(encode_rows([row_of(before.leaves["a"], None)]))
    after = Run(graph(replace(task("a"), timeout=60)), {})
    after.restore("a", node_of(row, after.leaves["a"], {}), NOW + HOUR)
    assert stops(after, NOW + HOUR) == ["a"]


def test_a_run_is_stopped_at_its_timeout_and_says_so():
    shape = replace(graph(task("a"), task("b", needs=("a",))), timeout=60)
    run = Run(shape, {}, started=NOW)
    begin(run, "a")
    assert run.plan(NOW).wake == NOW + timedelta(seconds=60)
    assert stops(run, NOW + timedelta(seconds=60)) == ["a"]
    run.observe("a", 0, Running(NOW), NOW, dead=True)
    assert phases(run) == {"a": "Cancelled", "b": "Cancelled"}
    verdict = standing(run)
    assert (verdict.phase, verdict.reason, run.leaves["b"].reason) == ("Failed", "RunTimeout", "RunTimeout")


def test_a_run_that_takes_no_longer_than_its_timeout_is_left_alone():
    run = Run(replace(graph(task("a")), timeout=60), {}, started=NOW)
    begin(run, "a")
    run.observe("a", 0, Success({"n": 1}), NOW)
    assert run.plan(NOW + HOUR).wake is None
    assert standing(run).phase == "Succeeded"


def test_a_run_that_fails_fast_stops_what_runs_and_starts_no_more():
    shape = replace(graph(task("a"), task("b"), task("c", needs=("b",))), fails_fast=True)
    run = Run(shape, {})
    begin(run, "a", "b")
    run.observe("a", 0, ERROR, NOW)
    assert stops(run, NOW) == ["b"]
    run.observe("b", 0, Running(NOW), NOW, dead=True)
    assert phases(run) == {"a": "Failed", "b": "Cancelled", "c": "Cancelled"}
    assert standing(run).reason == reasons.TASK_FAILED
    assert "task a failed" in standing(run).message


def test_a_run_that_fails_fast_waits_for_further_attempts():
    run = Run(replace(graph(replace(task("a"), retry=Retry(limit=1)), task("b")), fails_fast=True), {})
    begin(run, "a", "b")
    run.observe("a", 0, ERROR, NOW)
    assert stops(run, NOW) == []


def test_failing_fast_after_a_restart_stops_what_still_runs_instead_of_losing_it():
    shape = replace(graph(task("a"), task("b")), fails_fast=True)
    before = Run(shape, {})
    begin(before, "a", "b")
    before.observe("a", 0, ERROR, NOW)
    rows = decode_rows(encode_rows([row_of(leaf, None) for leaf in before.leaves.values()]))
    after = Run(shape, {})
    for row in rows:
        after.restore(row.path, node_of(row, after.leaves[row.path], {}), NOW)
    assert phases(after) == {"a": "Failed", "b": "Running"}
    assert stops(after, NOW) == ["b"]


@pytest.mark.parametrize(("cancel", "reason"), [(False, "RunTimeout"), (True, "Cancelled")])
def test_what_was_stopped_before_a_restart_has_ended_for_that_and_not_by_itself(cancel, reason):
    shape = replace(graph(task("a"), task("b", needs=("a",))), timeout=60)
    before = Run(shape, {}, started=NOW)
    begin(before, "a")
    rows = decode_rows(encode_rows([row_of(leaf, None) for leaf in before.leaves.values() if leaf.changed]))
    after = Run(shape, {}, started=NOW)
    for row in rows:
        after.restore(row.path, node_of(row, after.leaves[row.path], {}), NOW)
    later = NOW + timedelta(seconds=10 if cancel else 61)
    after.brace(cancel=cancel)
    after.observe("a", 0, Failure(reasons.TIMEOUT, "stopped at its deadline"), later, dead=True)
    after.steer(later, suspend=False, cancel=cancel)
    assert after.plan(later).starts == []
    assert (standing(after).reason, phases(after)) == (reason, {"a": "Cancelled", "b": "Cancelled"})


def test_a_braced_run_stops_what_still_runs_and_what_has_not_begun():
    shape = replace(graph(task("a"), task("b"), task("c", needs=("a",))), timeout=60)
    run = Run(shape, {}, started=NOW)
    begin(run, "a", "b")
    later = NOW + timedelta(seconds=61)
    run.brace(cancel=False)
    assert stops(run, later) == ["a", "b"]
    assert phases(run)["c"] == "Cancelled"


@pytest.mark.parametrize(("optional", "phase"), [(True, Phase.PENDING), (False, Phase.SKIPPED)])
def test_a_tolerated_failure_leaves_the_run_alone_and_its_consumers_may_do_without(optional, phase):
    run = Run(graph(replace(task("a"), is_tolerated=True), task("b", needs=("a",), optional=optional)), {})
    begin(run, "a")
    run.observe("a", 0, ERROR, NOW)
    assert run.leaves["b"].phase is phase
    if optional:
        begin(run, "b")
        run.observe("b", 0, Success({"n": 1}), NOW)
    assert (standing(run).phase, run.failed[0].path, run.failures) == ("Succeeded", "a", [])


def test_a_tolerated_failure_does_not_stop_a_run_that_fails_fast():
    run = Run(replace(graph(replace(task("a"), is_tolerated=True), task("b")), fails_fast=True), {})
    begin(run, "a", "b")
    run.observe("a", 0, ERROR, NOW)
    assert stops(run, NOW) == []


def test_what_fails_inside_a_tolerated_graph_leaves_the_run_alone():
    inner = Graph({}, {"x": task("x")})
    shape = graph(Task("g", inner, is_tolerated=True), task("z", after=(After("g", require_success=True),)))
    run = Run(shape, {})
    begin(run, "g.x")
    run.observe("g.x", 0, ERROR, NOW)
    assert (run.failures, run.leaves["z"].phase, standing(run).phase) == ([], Phase.SKIPPED, "Succeeded")
