"""Takes our finalizer off the Pods of one run whose results are recorded, beside whatever comes next."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from levada.kube import task_pods
from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.planner.podview import PodView
from levada.planner.run import Run
from levada.planner.sighting import is_dead

_log = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds until it is looked whether Pods could be let go, and whether there are more."""


@dataclass(slots=True)
class LettingGo:
    """The Pods of one run that are held."""

    run: Run
    api: Api
    _held: set[str] = field(default_factory=set)
    _under_way: asyncio.Task[None] | None = None

    async def go_on(self, pods: dict[str, PodView], seen: set[str]) -> list[float]:
        """Let go what can be; `seen` are the names of those that have changed. Returns when to look again.

        Only the end of the run waits until it is done.
        """
        if self._under_way and self.run.is_final:
            await self._under_way
        known = (pods.get(name) for name in self._held | seen)
        held = [pod for pod in known if pod and task_pods.is_held(pod) and is_dead(pod)]
        self._held = {pod.metadata.name for pod in held}
        recorded = [pod for pod in held if self.run.is_recorded(*task_pods.attempt_of(pod))]
        if not recorded:
            return []
        if self._under_way and not self._under_way.done():
            return [AGAIN]
        self._held -= {pod.metadata.name for pod in recorded}
        self._under_way = asyncio.create_task(self._release(pods, recorded))
        if self.run.is_final:
            await self._under_way
        return [AGAIN]

    async def _release(self, pods: dict[str, PodView], recorded: list[PodView]) -> None:
        try:
            await asyncio.gather(*(task_pods.release(self.api, pod, pods) for pod in recorded))
        except (ApiError, ApiUnreachableError, NotLeaderError) as error:
            _log.warning("finished Pods are still held: %s", error)
            self._held |= {pod.metadata.name for pod in recorded}
