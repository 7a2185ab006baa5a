"""Time and chance of one simulated history."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from invariants.history import Entry, History, Note

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A clock that stands still unless told, and what is to happen at which time.

    Attributes
    ----------
    now
        Seconds since the history began.
    busy
        How many events are to come that change something; those that only look again do not count.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = 0.0
        self.busy = 0
        self.history = History()
        self._heap: list[tuple[float, int, bool, Callable[[], None]]] = []
        self._order = itertools.count()

    def time(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now)

    def stamp(self, after: float = 0.0) -> str:
        """The time in `after` seconds as the API server writes it: to the second."""
        return (self.time() + timedelta(seconds=after)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def after(self, seconds: float, action: Callable[[], None], *, idle: bool = False) -> None:
        """Have something happen later; `idle` if it only looks."""
        self.busy += not idle
        heapq.heappush(self._heap, (self.now + seconds, next(self._order), idle, action))

    def soon(self, shortest: float, longest: float, action: Callable[[], None]) -> None:
        self.after(self.random.uniform(shortest, longest), action)

    @property
    def next_at(self) -> float:
        """When the next event is due."""
        return self._heap[0][0] if self._heap else math.inf

    def step(self) -> bool:
        """Jump to the next event and let it happen; False when there is none."""
        if not self._heap:
            return False
        at, _, idle, action = heapq.heappop(self._heap)
        self.now = max(self.now, at)
        self.busy -= not idle
        action()
        return True

    def pass_time(self, seconds: float) -> None:
        """Let `seconds` go by, and what is due in them happen."""
        until = self.now + seconds
        while self._heap and self._heap[0][0] <= until:
            self.step()
        self.now = max(self.now, until)

    def record(self, entry: Entry) -> None:
        self.history.entries.append(entry)

    def note(self, text: str) -> None:
        self.record(Note(self.now, text))
