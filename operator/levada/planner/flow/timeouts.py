"""Attempts that may run only for so long, earliest end first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta

from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.nodes import Gate, Leaf, Phase


class Deadlines:
    """The ends of running attempts; those that have ended by themselves are dropped when their time comes."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, str, int, Leaf]] = []

    def watch(self, leaf: Leaf) -> None:
        """Note when the attempt that has begun must end, if it must."""
        limit = leaf.approval.timeout if isinstance(leaf, Gate) else leaf.task.timeout
        if limit is not None and leaf.started:
            end = leaf.started + timedelta(seconds=limit)
            heapq.heappush(self._heap, (end, leaf.path, leaf.attempt, leaf))

    def passed(self, now: datetime) -> Iterator[Leaf]:
        """The leaves whose running attempt has come to its end, each once."""
        while self._heap and (self._heap[0][0] <= now or not self._is_live(self._heap[0])):
            entry = heapq.heappop(self._heap)
            if self._is_live(entry):
                yield entry[3]

    @property
    def next(self) -> datetime | None:
        """When there may be another, after `passed` was asked."""
        return self._heap[0][0] if self._heap else None

    @staticmethod
    def _is_live(entry: tuple[datetime, str, int, Leaf]) -> bool:
        _, _, attempt, leaf = entry
        return leaf.phase is Phase.RUNNING and leaf.attempt == attempt and leaf.doom is None


def overrun(leaf: Leaf) -> Failure:
    """The failure of an attempt that ran for too long."""
    return Failure(reasons.TIMEOUT, f"ran longer than its timeout of {leaf.task.timeout} s")
