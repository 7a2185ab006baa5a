"""Who gets the room that is left, where fewer attempts may be under way than runs could start.

Namespaces share first, then the runs of each: who has the least under way comes first, and among equals who has waited
the longest. What somebody has no use for goes to the others; nobody is stopped to make room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from levada.planner.names import Key


@dataclass(frozen=True, slots=True)
class Claim:
    """How many attempts of a run are under way, and how many more it could start now."""

    run: Key
    under_way: int
    wanted: int


class Turns:
    """Whose turn it is, for one room after another.

    Whoever is new here has waited no longer than those who were here before: a stream of new runs cannot pass an old
    one by. So it costs no more than a turn to forget somebody.
    """

    def __init__(self) -> None:
        self._clock = 0
        self._last: dict[Key | str, int] = {}

    def divide(self, room: int, claims: Iterable[Claim]) -> dict[Key, int]:
        """How many attempts each run may start, of `room` for all; runs that may start none are left out."""
        shares: dict[Key, int] = {}
        ordered = sorted((claim for claim in claims if claim.wanted > 0 or claim.under_way > 0), key=_namespace)
        namespaces = [(name, list(those)) for name, those in groupby(ordered, key=_namespace)]
        parts = [self._part(name, those) for name, those in namespaces]
        for (_, those), given in zip(namespaces, _fill(room, parts), strict=True):
            each = _fill(given, [self._part(claim.run, [claim]) for claim in those])
            shares |= {claim.run: share for claim, share in zip(those, each, strict=True) if share}
        return shares

    def took(self, run: Key) -> None:
        """Note that the run has started something: it had its turn, and so had its namespace."""
        self._clock += 1
        self._last[run] = self._last[run.namespace] = self._clock

    def forget(self, run: Key) -> None:
        """The run is over."""
        self._last.pop(run, None)

    def _part(self, who: Key | str, claims: Sequence[Claim]) -> _Part:
        if who not in self._last:
            self._clock += 1
            self._last[who] = self._clock
        return _Part(sum(each.under_way for each in claims), sum(each.wanted for each in claims), self._last[who])


@dataclass(frozen=True, slots=True)
class _Part:
    """One of those who share; `last` is when it had its last turn."""

    under_way: int
    wanted: int
    last: int

    def up_to(self, level: int) -> int:
        """How many it starts when everybody may have `level` under way."""
        return min(self.wanted, max(0, level - self.under_way))


def _fill(room: int, parts: Sequence[_Part]) -> list[int]:
    """Raise the level of all alike while there is room; the rest, less than one for each, goes by turns."""
    low, high = 0, max((part.under_way + part.wanted for part in parts), default=0)
    while low < high:
        level = (low + high + 1) // 2
        fits = sum(part.up_to(level) for part in parts) <= room
        low, high = (level, high) if fits else (low, level - 1)
    given = [part.up_to(low) for part in parts]
    waiting = [index for index, part in enumerate(parts) if part.up_to(low + 1) > given[index]]
    for index in sorted(waiting, key=lambda index: parts[index].last)[: room - sum(given)]:
        given[index] += 1
    return given


def _namespace(claim: Claim) -> str:
    return claim.run.namespace
