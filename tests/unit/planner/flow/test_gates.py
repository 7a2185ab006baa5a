"""Gates: a run waits at them for somebody's decision."""

from datetime import timedelta

from levada.graph.model import After, Approval, Task
from levada.planner import reasons
from levada.planner.attempt import Success
from levada.planner.flow.gates import Verdict
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import standing
from unit.planner.flow.test_loops import restarted
from unit.planner.graphs import graph, task
from unit.planner.simulation import NOW

YES, NO = Verdict(True, "alice", "go"), Verdict(False, "bob")


def gated(timeout=None):
    return graph(task("a"), Task("gate", Approval("Deploy?", timeout), after=(After("a"),)), task("b", after=AFTER))


AFTER = (After("gate", require_success=True),)


def reached(shape):
    run = Run(shape, {})
    run.plan(NOW)
    run.observe("a", 0, Success({"n": 1}), NOW)
    return run


def test_it_waits_without_anything_to_start_and_says_what_for():
    run = reached(gated())
    assert run.plan(NOW).starts == []
    gate = run.nodes["gate"]
    assert (gate.phase, gate.reason, gate.started) == (Phase.RUNNING, reasons.AWAITING_APPROVAL, NOW)
    assert gate.message == "waits for `levada approve`: Deploy?"
    assert run.under_way == {}


def test_what_follows_an_approved_gate_starts_and_who_approved_is_known():
    run = reached(gated())
    run.decide("gate", YES, NOW)
    assert run.nodes["gate"].message == "approved by alice: go"
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["b"]


def test_a_rejected_gate_fails_the_run():
    run = reached(gated())
    run.decide("gate", NO, NOW)
    assert (run.nodes["b"].phase, standing(run).message) == (
        Phase.SKIPPED,
        "task gate failed: Rejected: rejected by bob",
    )


def test_a_decision_counts_once_and_only_where_the_run_stands():
    run = Run(gated(), {})
    run.decide("gate", YES, NOW)
    assert run.nodes["gate"].phase is Phase.PENDING
    run = reached(gated())
    run.decide("gate", NO, NOW)
    run.decide("gate", YES, NOW)
    assert run.nodes["gate"].phase is Phase.FAILED


def test_nobody_decides_in_time():
    run = reached(gated(timeout=60))
    assert run.plan(NOW).wake == NOW + timedelta(seconds=60)
    run.plan(NOW + timedelta(seconds=60))
    assert (run.nodes["gate"].phase, run.nodes["gate"].reason) == (Phase.FAILED, reasons.APPROVAL_TIMEOUT)
    assert run.is_final


def test_a_cancelled_run_does_not_wait_for_a_decision():
    run = reached(gated())
    run.steer(NOW, suspend=False, cancel=True)
    assert run.is_final
    assert run.nodes["gate"].phase is Phase.CANCELLED


def test_the_time_to_decide_goes_on_over_a_restart():
    shape = gated(timeout=60)
    run = reached(shape)
    run.plan(NOW)
    again = restarted(run, shape)
    assert again.plan(NOW + timedelta(seconds=59)).starts == []
    again.plan(NOW + timedelta(seconds=60))
    assert again.nodes["gate"].reason == reasons.APPROVAL_TIMEOUT


def test_an_approved_gate_stays_approved_over_a_restart():
    shape = gated()
    run = reached(shape)
    run.decide("gate", YES, NOW)
    again = restarted(run, shape)
    assert again.nodes["gate"].message == "approved by alice: go"
    assert [start.leaf.path for start in again.plan(NOW).starts] == ["b"]
