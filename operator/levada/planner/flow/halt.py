"""Why a whole run is stopped before its time: what runs is stopped, what has not started never does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.encoding import Row
from levada.planner.nodes import Node, Phase


@dataclass(frozen=True, slots=True)
class Halt:
    """`cause` stands at each task that it keeps from ending by itself; `phase` is the run's in the end."""

    cause: Failure
    phase: Phase


CANCELLED = Halt(Failure(reasons.CANCELLED, "the run was cancelled"), Phase.CANCELLED)


def timed_out(seconds: int) -> Halt:
    """The run took too long."""
    return Halt(Failure(reasons.RUN_TIMEOUT, f"the run took longer than its timeout of {seconds} s"), Phase.FAILED)


def stopped_for(rows: Collection[Row], timeout: int | None) -> Halt | None:
    """Why a run was being stopped, by what is recorded of the tasks that did not end by themselves.

    Of two reasons the cancellation is the later one: it outranks a timeout.
    """
    causes = {row.reason: row.message for row in rows if row.phase is Phase.CANCELLED and not row.is_group}
    if reasons.CANCELLED in causes:
        return CANCELLED
    if reasons.RUN_TIMEOUT in causes:
        return timed_out(timeout or 0)
    if reasons.FAIL_FAST in causes:
        return Halt(Failure(reasons.FAIL_FAST, causes[reasons.FAIL_FAST]), Phase.FAILED)
    return None


def failed_fast(node: Node) -> Halt:
    """A task failed in a run that stops at its first failure."""
    return Halt(Failure(reasons.FAIL_FAST, f"stopped because {node.path} failed (failFast)"), Phase.FAILED)
