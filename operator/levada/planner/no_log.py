"""Why a task has no log: said of what is recorded of a run's tasks, each as its status shows it, by path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from levada.planner import reasons
from levada.planner.nodes import Phase

Tasks = Mapping[str, Mapping[str, Any]]

SHOWN = 10
"""Tasks of a group that are named."""
_OF_GATES = (
    reasons.AWAITING_APPROVAL,
    reasons.APPROVED,
    reasons.APPROVAL_REJECTED,
    reasons.APPROVAL_TIMEOUT,
)
_BEFORE = {
    Phase.PENDING: "it has not started",
    Phase.SKIPPED: "it was skipped",
    Phase.CACHED: "nothing ran for it, its results are",
    Phase.FAILED: "it failed before it started",
    Phase.CANCELLED: "it was cancelled before it started",
    Phase.SUCCEEDED: "nothing ran for it",
    Phase.RUNNING: "nothing runs for it yet",
}


def is_group(path: str, tasks: Collection[str]) -> bool:
    """Whether there are tasks in the one at `path`: it is a loop or a nested pipeline, for which nothing runs."""
    return any(other.startswith((f"{path}[", f"{path}.")) for other in tasks)


def may_print(path: str, tasks: Tasks) -> bool:
    """Whether there has been an attempt at the task that could print: never at a group, nor at an approval."""
    task = tasks[path]
    return bool(task.get("attempts")) and task.get("reason") not in _OF_GATES


def why_no_log(path: str, tasks: Tasks) -> str:
    """A sentence for somebody who asked for the log of a task that has none, though the run has such a task."""
    return f"there is no log of {path}: {_why(path, tasks)}"


def _why(path: str, tasks: Tasks) -> str:
    if is_group(path, tasks):
        kind = "loop" if any(other.startswith(f"{path}[") for other in tasks) else "nested pipeline"
        inside = [other for other in tasks if is_group(path, [other]) and may_print(other, tasks)]
        more = f" and {len(inside) - SHOWN} more" if len(inside) > SHOWN else ""
        have = f"these of its tasks have one: {', '.join(inside[:SHOWN])}{more}" if inside else "no task of it has one"
        return f"it is a {kind}, for which nothing runs itself; {have}"
    task = tasks.get(path, {"phase": Phase.PENDING})
    if task.get("reason") in _OF_GATES:
        return f"it is an approval, for which nothing runs ({task['message']})"
    phase, reason, message = Phase(task["phase"]), task.get("reason"), task.get("message")
    if phase is Phase.CACHED:
        return f"{_BEFORE[phase]} {message}"
    because = ": ".join(part for part in (reason, message) if part)
    return _BEFORE[phase] + (f" ({because})" if because else "")
