"""The logs of attempts of one run that have just failed go into the store, where they outlive the Pods; best effort."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.run_store import RunStore
from levada.planner.nodes import Leaf
from levada.planner.pod import RunIdentity
from levada.planner.podview import PodView
from levada.planner.sighting import MAIN
from levada.store.errors import StoreError

ABREAST = 3
"""Logs of one run that are kept at a time: each may fill some megabytes of memory."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class FailedLogs:
    """Those that are still to be kept."""

    store: RunStore
    identity: RunIdentity
    _waiting: list[tuple[str, str, int]] = field(default_factory=list)

    def note(self, pod: PodView, leaf: Leaf, attempt: int) -> None:
        """Have the end of this attempt's log kept, if it has failed and its component wants that."""
        main = pod.container(MAIN)
        ended = main.state.terminated if main else None
        if ended and ended.exit_code and leaf.component.log_tail:
            self._waiting.append((pod.metadata.name, leaf.path, attempt))

    async def keep(self) -> None:
        """Keep them, before their failures are recorded: nobody would come back for them later."""
        waiting, self._waiting = self._waiting, []
        room = asyncio.Semaphore(ABREAST)
        await asyncio.gather(*(self._keep(room, *each) for each in waiting))

    async def _keep(self, room: asyncio.Semaphore, pod: str, path: str, attempt: int) -> None:
        try:
            async with room:
                await self.store.keep_log(self.identity, pod, path, attempt)
        except (ApiError, ApiUnreachableError, StoreError) as error:
            _log.warning("the end of its log is not kept: %s", error, extra={"task": path})
