"""Containers run on for a while where the object of their Pod is gone: how long is known from what was seen of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from levada.planner.podview import PodView
from levada.planner.sighting import is_dead

NOTICE = timedelta(seconds=10)
"""How much later than the API server a node may learn that a Pod is gone, and be done with it."""
LONGEST = 10**8
"""Seconds of grace that are believed, three years: the API server takes numbers that are no time any more."""


class Lingering:
    """Until when the containers of Pods may still run whose objects are gone, by the Pods' names.

    A node that is told of a deletion gives the containers its grace, and one that finds the object gone the Pod's own;
    a later deletion with a shorter grace hastens neither.
    """

    def __init__(self) -> None:
        self._stopped_by: dict[str, datetime] = {}
        self._dead_by: dict[str, datetime] = {}

    def going(self, pod: PodView) -> None:
        """The Pod was seen while it is being deleted."""
        name, at = pod.metadata.name, pod.metadata.deletion_timestamp
        if at is not None:
            self._stopped_by[name] = max(at, self._stopped_by.get(name, at))

    def gone(self, pod: PodView, now: datetime) -> None:
        """The Pod is not there any more, and this is what was last seen of it."""
        if is_dead(pod):
            self._dead_by[pod.metadata.name] = now
            return
        self.going(pod)
        grace = min(pod.spec.termination_grace_period_seconds, LONGEST)
        self._note(pod.metadata.name, timedelta(seconds=grace), now)

    def has(self, name: str) -> bool:
        """Whether a Pod of that name was there and is gone."""
        return name in self._dead_by

    def here(self, name: str) -> None:
        """It is there after all."""
        self._dead_by.pop(name, None)

    def dead_by(self, name: str, grace: timedelta, now: datetime) -> datetime:
        """When no container of the missing Pod can run any more.

        `grace` is what the containers get where nobody saw the Pod go.
        """
        if name not in self._dead_by:
            self._note(name, grace, now)
        return self._dead_by[name]

    def _note(self, name: str, grace: timedelta, now: datetime) -> None:
        self._dead_by[name] = max(now + grace, self._stopped_by.get(name, now)) + NOTICE
