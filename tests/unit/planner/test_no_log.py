"""Why a task has no log."""

import pytest

from levada.planner.no_log import SHOWN, may_print, why_no_log


def tasks(**fields):
    return {path: {"path": path, "phase": "Pending"} | given for path, given in fields.items()}


RAN = {"phase": "Succeeded", "attempts": 1}


def test_of_a_loop_the_iterations_that_have_one_are_named():
    sweep = {"sweep": {"phase": "Running"}, "sweep[0]": RAN, "sweep[1]": {"phase": "Skipped"}, "sweeper": RAN}
    assert why_no_log("sweep", tasks(**sweep)) == (
        "there is no log of sweep: it is a loop, for which nothing runs itself; these of its tasks have one: sweep[0]"
    )


def test_of_a_nested_pipeline_its_tasks_are_named_but_no_groups_and_no_approvals():
    gate = {"phase": "Running", "attempts": 1, "reason": "AwaitingApproval", "message": "waits"}
    nested = {"a": {"phase": "Running"}, "a.b": {"phase": "Running"}, "a.b[0]": RAN, "a.gate": gate, "a.finally.c": RAN}
    assert "a nested pipeline" in why_no_log("a", tasks(**nested))
    assert why_no_log("a", tasks(**nested)).endswith("these of its tasks have one: a.b[0], a.finally.c")
    assert [path for path in nested if may_print(path, tasks(**nested))] == ["a.b[0]", "a.finally.c"]


def test_of_a_group_nothing_of_which_has_started_that_is_said_and_of_a_large_one_not_all_are_named():
    assert why_no_log("a", tasks(a={}, **{"a.b": {}})).endswith("no task of it has one")
    many = {f"a[{index}]": RAN for index in range(SHOWN + 3)}
    assert why_no_log("a", tasks(a=RAN, **many)).endswith(f"a[{SHOWN - 1}] and 3 more")


@pytest.mark.parametrize(("task", "why"), [
    ({}, "it has not started"),
    ({"reason": "WaitingForRoom", "message": "all is full"}, "it has not started (WaitingForRoom: all is full)"),
    ({"phase": "Skipped", "reason": "UpstreamSkipped", "message": "a was skipped"},
     "it was skipped (UpstreamSkipped: a was skipped)"),
    ({"phase": "Cached", "message": "from fit of run-1"}, "nothing ran for it, its results are from fit of run-1"),
    ({"phase": "Failed", "reason": "InvalidCondition", "message": "no such key"},
     "it failed before it started (InvalidCondition: no such key)"),
    ({"phase": "Cancelled", "reason": "Cancelled", "message": "the run was cancelled"},
     "it was cancelled before it started (Cancelled: the run was cancelled)"),
    ({"phase": "Succeeded", "reason": "Approved", "message": "approved by jane"},
     "it is an approval, for which nothing runs (approved by jane)"),
])  # fmt: skip
def test_of_any_other_task_it_is_said_what_became_of_it(task, why):
    assert why_no_log("t", tasks(t=task)) == f"there is no log of t: {why}"


def test_a_task_of_which_nothing_is_recorded_yet_has_not_started():
    assert why_no_log("t", {}) == "there is no log of t: it has not started"
