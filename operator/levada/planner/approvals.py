"""What people say to gates: as it stands in a run's `approvals`, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from levada.planner.encoding import timestamp
from levada.planner.flow.gates import Verdict
from levada.planner.run import Run

_APPROVED = "Approved"
_REJECTED = "Rejected"


def approval(task: str, verdict: Verdict, now: datetime) -> dict[str, str]:
    """The item of `approvals` that says `verdict` to the gate at the path `task`."""
    decision = _APPROVED if verdict.is_approved else _REJECTED
    return {
        "task": task,
        "decision": decision,
        "by": verdict.by,
        "at": timestamp(now),
        "message": verdict.message,
    }


def verdicts(approvals: Iterable[Mapping[str, Any]]) -> dict[str, Verdict]:
    """What was said to each gate, by its path; of several what was said first."""
    said: dict[str, Verdict] = {}
    for item in approvals:
        said.setdefault(item["task"], Verdict(item["decision"] == _APPROVED, item["by"], item.get("message", "")))
    return said


def settle(run: Run, said: Mapping[str, Verdict], now: datetime) -> None:
    """Decide the gates that are open and that something was said to; an end may open the next."""
    while answered := [path for path in run.gates if path in said]:
        for path in answered:
            run.decide(path, said[path], now)
