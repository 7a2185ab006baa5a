"""A run's timeout, where nobody looked when it hit: the attempts' own times decide, and a restart changes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from levada.graph.model import After, Approval, Component, Graph, Input, Item, Loop, Output, Task, TaskOutput
from levada.graph.policies import Retry
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, node_of
from levada.planner.flow.gates import Verdict
from levada.planner.run import Run
from levada.planner.status import Shards, standing, tasks_status
from unit.planner.flow.test_finals import REPORT
from unit.planner.graphs import component, graph, task
from unit.planner.pods import NOW

TIMEOUT = 60
IN_TIME, LATE, SEEN = (NOW + timedelta(seconds=seconds) for seconds in (59, 61, 600))
BROKE = Failure(reasons.ERROR, "broke", 1, finished=IN_TIME)


def shape(*tasks, **fields):
    return replace(graph(*tasks, **fields), timeout=TIMEOUT)


def begun(whole, *paths):
    run = Run(whole, {}, started=NOW)
    run.plan(NOW)
    for path in paths:
        run.observe(path, 0, Running(NOW), NOW)
    return run


def again(run):
    """The run as another operator takes it up from what this one recorded."""
    rows = decode_rows(tasks_status(run, Shards())["taskStates"])
    after = Run(run.root.graph, {}, started=NOW, recorded=rows)
    for row in rows:
        after.restore(row.path, node_of(row, after.nodes[row.path], row.outputs or {}), SEEN)
    after.mark_recorded(after.version)
    return after


def step(run, *seen, cancel=False):
    """What an engine does at once after a long time: show everything, then ask."""
    run.brace(cancel=cancel)
    for path, outcome in seen:
        run.observe(path, 0, outcome, SEEN, dead=True)
    run.steer(SEEN, suspend=False, cancel=cancel)
    return run.plan(SEEN)


def phases(run):
    return {path: str(leaf.phase) for path, leaf in run.leaves.items()}


def end(run):
    verdict = standing(run)
    return verdict.phase, verdict.reason


@pytest.mark.parametrize("restarted", [False, True])
def test_tasks_that_succeeded_in_time_while_nobody_looked_make_a_good_run(restarted):
    run = begun(shape(task("a"), task("b")), "a", "b")
    run = again(run) if restarted else run
    step(run, ("a", Success({"n": 1}, NOW, IN_TIME)), ("b", Success({"n": 2}, NOW, IN_TIME)))
    assert end(run) == ("Succeeded", "Succeeded")


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("late", ["a", "b"])
def test_one_task_that_ended_late_is_enough(late, restarted):
    run = begun(shape(task("a"), task("b")), "a", "b")
    run = again(run) if restarted else run
    step(run, *((path, Success({"n": 1}, NOW, LATE if path == late else IN_TIME)) for path in "ab"))
    assert end(run) == ("Failed", "RunTimeout")
    assert phases(run) == {"a": "Succeeded", "b": "Succeeded"}


def test_a_task_of_which_nobody_knows_when_it_ended_was_late():
    run = begun(shape(task("a")), "a")
    step(run, ("a", Success({"n": 1})))
    assert end(run) == ("Failed", "RunTimeout")


@pytest.mark.parametrize("restarted", [False, True])
def test_a_task_that_still_runs_when_the_time_is_up_is_stopped(restarted):
    run = begun(shape(task("a"), task("b")), "a", "b")
    run = again(run) if restarted else run
    plan = step(run, ("a", Success({"n": 1}, NOW, IN_TIME)))
    assert [leaf.path for leaf in plan.stops] == ["b"]
    run.observe("b", 0, Failure(reasons.TIMEOUT, "stopped at its deadline", 143, "", NOW, SEEN), SEEN, dead=True)
    assert end(run) == ("Failed", "RunTimeout")
    assert phases(run) == {"a": "Succeeded", "b": "Cancelled"}


def test_what_could_not_start_in_time_is_cancelled_though_all_before_it_succeeded():
    run = begun(shape(task("a"), task("b", needs=("a",))), "a")
    assert step(run, ("a", Success({"n": 1}, NOW, IN_TIME))).starts == []
    assert end(run) == ("Failed", "RunTimeout")
    assert phases(run) == {"a": "Succeeded", "b": "Cancelled"}


def test_a_task_that_its_condition_skips_keeps_no_run_from_being_in_time():
    skipped = replace(task("b", needs=("a",)), when="inputs.a > 1")
    run = begun(shape(task("a"), skipped), "a")
    step(run, ("a", Success({"n": 1}, NOW, IN_TIME)))
    assert end(run) == ("Succeeded", "Succeeded")


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_task_that_failed_in_time_failed_by_itself_whatever_is_seen_first(order):
    run = begun(shape(task("a"), task("b")), "a", "b")
    seen = {"a": BROKE, "b": Success({"n": 1}, NOW, LATE)}
    step(run, *((path, seen[path]) for path in order))
    assert (end(run), phases(run)) == (("Failed", "RunTimeout"), {"a": "Failed", "b": "Succeeded"})


def test_a_run_whose_only_task_failed_in_time_failed_for_that():
    run = begun(shape(task("a")), "a")
    step(run, ("a", BROKE))
    assert end(run) == ("Failed", "TaskFailed")


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_no_further_attempt_begins_once_the_time_is_up(order):
    run = begun(shape(replace(task("a"), retry=Retry(limit=1)), task("b")), "a", "b")
    seen = {"a": BROKE, "b": Success({"n": 1}, NOW, LATE)}
    assert step(run, *((path, seen[path]) for path in order)).starts == []
    run.mark_recorded(run.version)
    assert run.plan(SEEN + timedelta(hours=1)).starts == []
    assert (end(run), phases(run)["a"]) == (("Failed", "RunTimeout"), "Cancelled")


def test_a_decision_that_comes_when_the_time_is_up_opens_no_gate():
    run = begun(shape(Task("gate", Approval())))
    run.brace(cancel=False)
    run.steer(SEEN, suspend=False, cancel=False)
    run.decide("gate", Verdict(True, "jane"), SEEN)
    assert (end(run), phases(run)) == (("Failed", "RunTimeout"), {"gate": "Cancelled"})


def with_report(*tasks, **fields):
    return replace(shape(*tasks), finals={"report": REPORT}, **fields)


def finish(run):
    """Play `finally`; what its task was told, and how the run ended."""
    run.plan(SEEN)
    report = run.leaves["finally.report"]
    assert report.is_started
    run.observe(report.path, 0, Success({}), SEEN)
    return report.inputs, end(run)


def stop(run, *paths):
    """See the end of attempts that were stopped."""
    for path in paths:
        run.observe(path, 0, Failure(reasons.TIMEOUT, "stopped at its deadline", 143), SEEN, dead=True)


@pytest.mark.parametrize("restarts", [0, 1, 2])
def test_a_run_that_was_stopped_at_its_timeout_ends_for_that_though_finally_sees_restarts(restarts):
    run = begun(with_report(task("a"), task("b", needs=("a",))), "a")
    step(run)
    stop(run, "a")
    for _ in range(restarts):
        run = again(run)
        step(run)
    told, ended = finish(run)
    assert ended == ("Failed", "RunTimeout")
    message = f"the run took longer than its timeout of {TIMEOUT} s"
    assert told == {"state": "Failed", "failures": [{"path": "", "reason": "RunTimeout", "message": message}]}
    assert message in standing(run).message


@pytest.mark.parametrize("restarted", [False, True])
def test_finally_after_tasks_that_all_succeeded_but_late_sees_restarts_too(restarted):
    run = begun(with_report(task("a")), "a")
    step(run, ("a", Success({"n": 1}, NOW, LATE)))
    run = again(run) if restarted else run
    step(run)
    told, ended = finish(run)
    assert (told["state"], ended) == ("Failed", ("Failed", "RunTimeout"))


@pytest.mark.parametrize("restarted", [False, True])
def test_finally_may_take_longer_than_the_runs_timeout(restarted):
    run = begun(with_report(task("a")), "a")
    step(run, ("a", Success({"n": 1}, NOW, IN_TIME)))
    run = again(run) if restarted else run
    step(run)
    told, ended = finish(run)
    assert (told, ended) == ({"state": "Succeeded", "failures": []}, ("Succeeded", "Succeeded"))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_cancelled_run_in_which_a_task_had_failed_before_ends_cancelled(restarted):
    run = begun(with_report(task("a"), task("b")), "a", "b")
    run.observe("a", 0, BROKE, IN_TIME)
    run.steer(IN_TIME, suspend=False, cancel=True)
    run.plan(IN_TIME)
    stop(run, "b")
    run = again(run) if restarted else run
    step(run, cancel=True)
    told, ended = finish(run)
    assert (told["state"], ended) == ("Cancelled", ("Cancelled", "Cancelled"))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_cancellation_while_tasks_are_stopped_for_the_timeout_counts(restarted):
    run = begun(with_report(task("a"), task("b")), "a", "b")
    step(run)
    stop(run, "a")
    run.steer(SEEN, suspend=False, cancel=True)
    stop(run, "b")
    run = again(run) if restarted else run
    step(run, cancel=True)
    assert finish(run)[1] == ("Cancelled", "Cancelled")


@pytest.mark.parametrize("restarted", [False, True])
def test_a_run_that_failed_fast_says_so_of_the_tasks_it_stopped(restarted):
    run = begun(with_report(task("a"), task("b"), task("c", needs=("b",)), fails_fast=True), "a", "b")
    run.observe("a", 0, BROKE, IN_TIME)
    run.plan(IN_TIME)
    stop(run, "b")
    run = again(run) if restarted else run
    assert {path: run.leaves[path].reason for path in "abc"} == {"a": "Error", "b": "FailFast", "c": "FailFast"}
    step(run)
    assert finish(run)[1] == ("Failed", "TaskFailed")


@pytest.mark.parametrize("restarted", [False, True])
def test_a_nested_finally_that_runs_into_the_timeout_makes_the_run_late(restarted):
    inner = Graph({}, {"a": task("a")}, finals={"z": task("z")})
    run = begun(shape(Task("g", inner)), "g.a")
    run.observe("g.a", 0, Success({"n": 1}, NOW, IN_TIME), IN_TIME)
    run.plan(IN_TIME)
    run.observe("g.finally.z", 0, Running(IN_TIME), IN_TIME)
    run = again(run) if restarted else run
    step(run, ("g.finally.z", Success({"n": 1}, IN_TIME, LATE)))
    assert end(run) == ("Failed", "RunTimeout")


@pytest.mark.parametrize("names", ["xyz", "zyx"], ids=["written in order", "written backwards"])
@pytest.mark.parametrize("nested", [False, True])
def test_what_had_begun_before_the_run_was_stopped_is_as_it_was_after_a_restart(names, nested):
    """Tasks that followed others, and loops that grew out of what they made, are recorded before the stop or after."""
    first, second, third = "xyz"
    body = Graph({"i": Input("i", "Integer", True)}, {"t": task("t")}) if nested else component("i")
    items = Component({}, {"l": Output("l", "List", True)}, "image")
    grown = Task(second, body, {"i": Item()}, loop=Loop(TaskOutput(first, "l")))
    tasks = {first: Task(first, items), second: grown, third: task(third, after=(After(second),))}
    run = Run(replace(Graph({}, {name: tasks[name] for name in names}), timeout=TIMEOUT), {}, started=NOW)
    run.plan(NOW)
    run.observe(first, 0, Success({"l": [1, 2]}, NOW, IN_TIME), IN_TIME)
    run.plan(IN_TIME)
    suffix = ".t" if nested else ""
    paths = [f"{second}[{index}]{suffix}" for index in (0, 1)]
    run.observe(paths[0], 0, Success({"n": 1}, NOW, IN_TIME), IN_TIME)
    run.observe(paths[1], 0, Running(NOW), IN_TIME)
    step(run)
    before = phases(run)
    assert before == {first: "Succeeded", paths[0]: "Succeeded", paths[1]: "Running", third: "Cancelled"}
    run = again(run)
    assert (phases(run), [leaf.path for leaf in step(run).stops]) == (before, [paths[1]])
    stop(run, paths[1])
    assert (phases(run), end(run)) == (before | {paths[1]: "Cancelled"}, ("Failed", "RunTimeout"))


def test_a_task_that_began_from_what_is_not_recorded_yet_is_stopped_and_not_forgotten():
    run = begun(shape(task("a"), task("b", needs=("a",))), "a")
    run = again(run)
    run.observe("b", 0, Running(NOW), SEEN)  # begun from the result that the Pod of `a` still holds
    plan = step(run, ("a", Success({"n": 1}, NOW, LATE)))
    assert (phases(run)["b"], [leaf.path for leaf in plan.stops]) == ("Running", ["b"])
