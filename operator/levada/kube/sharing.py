"""Counts the attempts under way in the cluster, where the installation limits them, to say who may start more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from levada.planner.fairness import Claim, Turns
from levada.planner.names import Key
from levada.planner.sighting import is_dead

if TYPE_CHECKING:
    from levada.kube.active_run import ActiveRun
    from levada.planner.podview import PodView


class Sharing:
    """The room that all runs share.

    Parameters
    ----------
    limit
        How many attempts may be under way at once; None for no limit.
    active
        The runs at work, as they come and go.
    """

    def __init__(self, limit: int | None, active: Mapping[Key, ActiveRun]) -> None:
        self._limit = limit
        self._active = active
        self._turns = Turns()
        self._alive: dict[Key, set[str]] = {}

    def saw(self, key: Key, name: str, pod: PodView | None) -> None:
        """Take in a Pod of a run as it is now; None: it is gone."""
        if self._limit is None:
            return
        alive = self._alive.setdefault(key, set())
        if pod is None or is_dead(pod):
            alive.discard(name)
        else:
            alive.add(name)
        if not alive:
            del self._alive[key]

    def room(self, key: Key) -> int | None:
        """How many attempts the run may start now; None: as many as it likes."""
        if self._limit is None:
            return None
        share = self._divide().get(key, 0)
        if share:
            self._turns.took(key)
        return share

    @property
    def is_short(self) -> bool:
        """Whether there may be less room than runs want: whatever ends makes some."""
        return self._limit is not None and any(active.run.wanted for active in self._active.values())

    def next_ones(self) -> Iterator[Key]:
        """The runs that have room now and something to start in it."""
        return iter(() if self._limit is None else self._divide())

    def forget(self, key: Key) -> None:
        """The run is over."""
        self._turns.forget(key)

    def _divide(self) -> dict[Key, int]:
        claims = [Claim(key, len(at.run.under_way), at.run.wanted) for key, at in self._active.items()]
        # Runs that were not taken up (yet): after a restart, or while they are being cleaned up after.
        claims += [Claim(key, len(pods), 0) for key, pods in self._alive.items() if key not in self._active]
        assert self._limit is not None
        return self._turns.divide(max(0, self._limit - sum(claim.under_way for claim in claims)), claims)
