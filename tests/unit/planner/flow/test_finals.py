"""`finally`: what runs when all else has ended, and what it is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from levada.graph.model import Collect, Component, Graph, Input, Literal, RunFact, Task, TaskOutput
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import Shards, standing, tasks_status
from unit.planner.flow.test_loops import LISTS, loop, restarted, square
from unit.planner.graphs import component, graph, task
from unit.planner.simulation import NOW, play

TOLD = Component({"state": Input("state", "String", True), "failures": Input("failures", "List", True)}, {}, "image")
REPORT = Task("report", TOLD, {"state": RunFact("phase"), "failures": RunFact("failures")})


def shape(*tasks, finals=(REPORT,), **more):
    return replace(graph(*tasks), finals={item.name: item for item in finals}, **more)


def outcome(run, act=lambda path: Success({"n": 1})):
    """Play `run`; what each attempt was given."""
    seen = {}

    def note(path, inputs, attempt):
        seen[path] = inputs
        return act(path)

    play(run, note)
    return seen


def failing(*paths):
    return lambda path: Failure("Error", "broke", 1) if path in paths else Success({"n": 1})


def test_it_runs_last_and_is_told_that_all_went_well():
    run = Run(shape(task("a"), task("b", needs=("a",))), {})
    seen = outcome(run)
    assert list(seen) == ["a", "b", "finally.report"]
    assert seen["finally.report"] == {"state": "Succeeded", "failures": []}
    assert standing(run).phase == "Succeeded"


def test_it_is_told_what_failed_and_the_run_still_fails():
    run = Run(shape(task("a"), task("b", needs=("a",))), {})
    seen = outcome(run, failing("a"))
    assert seen["finally.report"] == {
        "state": "Failed",
        "failures": [{"path": "a", "reason": "Error", "message": "broke"}],
    }
    assert standing(run).phase == "Failed"


def test_its_own_failure_fails_a_run_that_went_well():
    run = Run(shape(task("a")), {})
    outcome(run, failing("finally.report"))
    assert standing(run).message == "task finally.report failed: Error: broke"


def test_its_failure_is_told_beside_the_first_one():
    run = Run(shape(task("a"), task("b")), {})
    outcome(run, failing("a", "finally.report"))
    message = standing(run).message
    assert message.startswith("task a failed: Error: broke")
    assert message.endswith("; task finally.report failed, too: Error: broke")


def test_a_cancelled_run_stops_its_tasks_then_runs_it_and_ends_cancelled():
    run = Run(shape(task("a"), task("b", needs=("a",))), {})
    run.plan(NOW)
    run.observe("a", 0, Running(NOW), NOW)
    run.steer(NOW, suspend=False, cancel=True)
    assert run.plan(NOW).starts == []
    run.observe("a", 0, Failure("Error", "killed", 137), NOW, dead=True)
    (start,) = run.plan(NOW).starts
    assert (start.leaf.path, start.inputs["state"]) == ("finally.report", "Cancelled")
    run.steer(NOW, suspend=False, cancel=True)
    assert run.plan(NOW).stops == []
    run.observe("finally.report", 0, Success({}), NOW)
    assert standing(run).phase == "Cancelled"


def test_cancelling_when_all_tasks_have_ended_changes_nothing():
    run = Run(shape(task("a")), {})
    run.plan(NOW)
    run.observe("a", 0, Success({"n": 1}), NOW)
    run.plan(NOW)
    run.steer(NOW, suspend=False, cancel=True)
    assert run.plan(NOW).stops == []
    run.observe("finally.report", 0, Success({}), NOW)
    assert standing(run).phase == "Succeeded"


def test_failing_fast_stops_the_rest_and_is_told_as_failed():
    run = Run(shape(task("a"), task("b"), fails_fast=True), {})
    run.plan(NOW)
    run.observe("a", 0, Failure("Error", "broke", 1), NOW)
    run.plan(NOW)
    run.observe("b", 0, Failure("Error", "killed", 137), NOW, dead=True)
    (start,) = run.plan(NOW).starts
    assert start.inputs["state"] == "Failed"
    assert run.nodes["b"].phase is Phase.CANCELLED


def test_the_run_timeout_does_not_count_for_it():
    run = Run(shape(task("a"), timeout=60), {}, started=NOW)
    run.plan(NOW)
    later = NOW + timedelta(seconds=61)
    run.observe("a", 0, Running(NOW), NOW)
    assert [leaf.path for leaf in run.plan(later).stops] == ["a"]
    run.observe("a", 0, Failure("Error", "killed", 137), later, dead=True)
    plan = run.plan(later)
    assert ([start.leaf.path for start in plan.starts], plan.wake) == (["finally.report"], None)
    message = "the run took longer than its timeout of 60 s"
    assert plan.starts[0].inputs["failures"] == [{"path": "", "reason": reasons.RUN_TIMEOUT, "message": message}]
    run.observe("finally.report", 0, Success({}), later)
    assert standing(run).reason == reasons.RUN_TIMEOUT


def test_it_may_use_outputs_and_do_without_those_of_failed_tasks_where_it_may():
    needs = replace(task("needs", needs=("a",)), name="needs")
    may = task("may", needs=("a",), optional=True)
    run = Run(shape(task("a"), finals=(needs, may)), {})
    seen = outcome(run, failing("a"))
    assert set(seen) == {"a", "finally.may"}
    assert run.nodes["finally.needs"].phase is Phase.SKIPPED


def test_finally_tasks_wait_for_one_another():
    second = Task("second", component("n"), {"n": TaskOutput("first", "n")})
    run = Run(shape(task("a"), finals=(second, task("first"))), {})
    assert list(outcome(run)) == ["a", "finally.first", "finally.second"]


def test_a_nested_graph_has_its_own_and_is_told_of_its_own():
    inner = shape(task("x"), task("y"))
    run = Run(shape(task("a"), Task("g", inner)), {})
    seen = outcome(run, failing("a", "g.y"))
    assert seen["g.finally.report"]["failures"] == [{"path": "g.y", "reason": "Error", "message": "broke"}]
    assert [failure["path"] for failure in seen["finally.report"]["failures"]] == ["a", "g.y"]


def test_a_tolerated_graph_knows_its_failures_and_the_run_does_not():
    inner = shape(task("x"))
    run = Run(shape(replace(Task("g", inner), is_tolerated=True)), {})
    seen = outcome(run, failing("g.x"))
    assert seen["g.finally.report"]["state"] == "Failed"
    assert seen["finally.report"] == {"state": "Succeeded", "failures": []}
    assert standing(run).phase == "Succeeded"


def test_of_a_graph_that_never_began_it_does_not_run():
    run = Run(shape(replace(Task("g", shape(task("x"))), when="false")), {})
    assert list(outcome(run)) == ["finally.report"]
    assert run.nodes["g.finally.report"].phase is Phase.SKIPPED


@pytest.mark.parametrize("fact", ["name", "namespace", "uid", "startTime"])
def test_any_task_may_be_told_what_run_it_is_of(fact):
    body = Component({"x": Input("x", "String", True)}, {}, "image")
    facts = {"name": "r", "namespace": "ns", "uid": "u", "startTime": "2026-01-01T00:00:00Z"}
    inner = Graph({}, {"t": Task("t", body, {"x": RunFact(fact)})})
    run = Run(graph(Task("g", inner)), {}, facts=facts)
    assert run.plan(NOW).starts[0].inputs == {"x": facts[fact]}


def test_a_restart_in_the_middle_of_it_goes_on_with_it():
    it = shape(task("a"))
    run = Run(it, {})
    run.plan(NOW)
    run.observe("a", 0, Failure("Error", "broke", 1), NOW)
    run.plan(NOW)
    run.observe("finally.report", 0, Running(NOW), NOW)
    again = restarted(run, it)
    assert (again.plan(NOW).starts, again.nodes["finally.report"].phase) == ([], Phase.RUNNING)
    again.observe("finally.report", 0, Success({}), NOW)
    assert standing(again).phase == "Failed"


def test_a_graph_that_fails_by_its_own_condition_fails_the_run():
    run = Run(shape(replace(Task("g", shape(task("x"))), when="1", inputs={"y": Literal(1)})), {})
    seen = outcome(run)
    assert [failure["path"] for failure in seen["finally.report"]["failures"]] == ["g"]
    assert standing(run).message.startswith("task g failed: InvalidCondition")


@pytest.mark.parametrize(("missing", "found"), [("Omit", [9, 4]), ("Null", [9, None, 4])])
def test_it_may_collect_what_there_is_of_a_loop_that_failed(missing, found):
    tell = Task("tell", LISTS, {"l": Collect("fit", "n", missing)})
    run = Run(shape(loop(), finals=(tell,)), {})
    seen = {}

    def act(path, inputs, attempt):
        seen[path] = inputs
        return Failure("Error", "broke", 1) if path == "fit[1]" else square(path, inputs, attempt)

    play(run, act)
    assert seen["finally.tell"] == {"l": found}


def test_a_graph_shows_its_outputs_and_since_when_it_runs():
    inner = Graph({}, {"t": task("t")}, {"n": TaskOutput("t", "n")})
    run = Run(graph(Task("g", inner)), {})
    outcome(run)
    (row,) = [row for row in tasks_status(run, Shards())["tasks"] if row["path"] == "g"]
    assert (row["outputs"], row["startTime"]) == ({"n": 1}, "2026-01-01T00:00:00Z")
