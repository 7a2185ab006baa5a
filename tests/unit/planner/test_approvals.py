"""What people say to gates, and what comes of it."""

from datetime import UTC, datetime

from levada.graph.model import After, Approval, Graph, Task
from levada.planner.approvals import approval, settle, verdicts
from levada.planner.flow.gates import Verdict
from levada.planner.run import Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
YES = {"decision": "Approved", "by": "jane"}


def run_of(*names):
    """Gates, one behind the other."""
    tasks = {
        name: Task(name, Approval(), after=tuple(After(before, require_success=True) for before in names[:index][-1:]))
        for index, name in enumerate(names)
    }
    return Run(Graph({}, tasks), {})


def test_what_was_written_is_read_back():
    said = Verdict(is_approved=False, by="jane", message="no")
    assert verdicts([approval("a", said, NOW)]) == {"a": said}


def test_of_two_words_to_one_gate_the_first_counts():
    assert verdicts([{"task": "a", **YES}, {"task": "a", "decision": "Rejected", "by": "joe"}])["a"].by == "jane"


def test_a_gate_is_decided_when_its_turn_has_come_and_may_open_the_next():
    run = run_of("a", "b", "c")
    settle(run, verdicts([{"task": "b", **YES}]), NOW)
    assert list(run.gates) == ["a"]
    settle(run, verdicts([{"task": "b", **YES}, {"task": "a", **YES}]), NOW)
    assert list(run.gates) == ["c"]
    assert [run.leaves[name].message for name in "ab"] == ["approved by jane", "approved by jane"]


def test_what_is_said_to_no_gate_changes_nothing():
    run = run_of("a")
    settle(run, verdicts([{"task": "z", **YES}]), NOW)
    assert list(run.gates) == ["a"]


def test_after_a_rejection_the_rest_never_begins():
    run = run_of("a", "b")
    settle(run, verdicts([{"task": "a", "decision": "Rejected", "by": "joe", "message": "no"}]), NOW)
    assert run.is_final
    assert (str(run.root.phase), run.leaves["a"].message) == ("Failed", "rejected by joe: no")
