"""A gate: it is open for a decision once its turn has come, and ends with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from levada.planner import reasons
from levada.planner.nodes import Gate, Phase


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody decided about a gate; `by` is who, `message` what they say to it."""

    is_approved: bool
    by: str
    message: str = ""


def invite(gate: Gate) -> None:
    """Say what the gate waits for."""
    question = f": {gate.approval.message}" if gate.approval.message else ""
    gate.reason, gate.message = reasons.AWAITING_APPROVAL, f"waits for `levada approve`{question}"


def pass_verdict(gate: Gate, verdict: Verdict, now: datetime) -> Phase:
    """Note who decided what; the phase in which the gate ends."""
    word, gate.reason = (
        ("approved", reasons.APPROVED) if verdict.is_approved else ("rejected", reasons.APPROVAL_REJECTED)
    )
    said = f": {verdict.message}" if verdict.message else ""
    gate.message, gate.finished = f"{word} by {verdict.by}{said}", now
    return Phase.SUCCEEDED if verdict.is_approved else Phase.FAILED


def expire(gate: Gate, now: datetime) -> Phase:
    """Nobody decided in time."""
    gate.reason, gate.finished = reasons.APPROVAL_TIMEOUT, now
    gate.message = f"nobody decided within {gate.approval.timeout} s"
    return Phase.FAILED
