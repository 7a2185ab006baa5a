"""Takes our finalizer off the Pods of one run whose results are recorded, beside whatever comes next."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from levada.kube import task_pods
from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.planner.podview import PodView
from levada.planner.run import Run
from levada.planner.sighting import is_dead

_log = logging.getLogger(__name__)

ABREAST = 4
"""Requests at once: what lets Pods go never stands in the way of those that start tasks, or tell of them."""
AGAIN = 1.0
"""Seconds until it is looked whether Pods could be let go."""


@dataclass(slots=True)
class LettingGo:
    """The Pods of one run that are held.

    Attributes
    ----------
    attempts
        The task's path and the attempt that each Pod is, by its name.
    _held
        The names of dead ones whose results may not be recorded yet.
    _queue
        Those that may go; `_leaving` are their names, until they have gone.
    """

    run: Run
    api: Api
    attempts: Mapping[str, tuple[str, int]]
    _held: set[str] = field(default_factory=set)
    _queue: deque[PodView] = field(default_factory=deque)
    _leaving: set[str] = field(default_factory=set)
    _under_way: asyncio.Task[None] | None = None

    async def go_on(self, pods: dict[str, PodView], seen: set[str]) -> list[float]:
        """Let go what can be; `seen` are the names of those that have changed. Returns when to look again.

        Only the end of the run waits until it is done.
        """
        known = (pods.get(name) for name in (self._held | seen) - self._leaving)
        held = {pod.metadata.name: pod for pod in known if pod and task_pods.is_held(pod) and is_dead(pod)}
        known_by = {name: self.attempts[name] for name in held if name in self.attempts}
        recorded = {name: held[name] for name, attempt in known_by.items() if self.run.is_recorded(*attempt)}
        self._held = held.keys() - recorded.keys()
        self._leaving |= recorded.keys()
        self._queue += recorded.values()
        if self._leaving and (self._under_way is None or self._under_way.done()):
            self._under_way = asyncio.create_task(self._release(pods))
        waits = [AGAIN] if self._leaving else []
        if self._under_way and self.run.is_final:
            await self._under_way
        return waits

    async def _release(self, pods: dict[str, PodView]) -> None:
        try:
            await asyncio.gather(*(self._release_next(pods) for _ in range(ABREAST)))
        except (ApiError, ApiUnreachableError, NotLeaderError) as error:
            _log.warning("finished Pods are still held: %s", error)
            self._held |= self._leaving
            self._leaving.clear()
            self._queue.clear()

    async def _release_next(self, pods: dict[str, PodView]) -> None:
        """One after the other, until none is left."""
        while self._queue:
            pod = self._queue.popleft()
            await task_pods.release(self.api, pod, pods)
            self._leaving.discard(pod.metadata.name)
