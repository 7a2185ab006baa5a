"""Why a Pod does not start, where only its Events tell: read once in a while, for Pods that wait without a word."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.resource import EVENTS
from levada.planner.attempt import Waiting
from levada.planner.hints import hint_of
from levada.planner.podview import PodView

PATIENCE = timedelta(seconds=4)
"""How long a Pod may wait before its Events are read: most have started by then."""
_AGAIN = timedelta(seconds=20)


class _Event(msgspec.Struct, frozen=True):
    reason: str = ""
    note: str = ""
    type: str = ""


class PodHints:
    """Reads the Events of Pods, each Pod's at most every 20 s."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._next: dict[str, datetime] = {}
        self._last: dict[str, Waiting] = {}

    async def of(self, pod: PodView, now: datetime) -> Waiting:
        """What `pod` waits for as far as its Events tell."""
        if self.due(pod, now) <= now:
            self._last[pod.metadata.uid] = await self._ask(pod)
            self._next[pod.metadata.uid] = now + _AGAIN
        return self._last.get(pod.metadata.uid, Waiting())

    def due(self, pod: PodView, now: datetime) -> datetime:
        """When it is worth asking (again)."""
        created = pod.metadata.creation_timestamp or now
        return self._next.setdefault(pod.metadata.uid, created + PATIENCE)

    def forget(self, pod: PodView) -> None:
        """It has started, or ended."""
        self._next.pop(pod.metadata.uid, None)
        self._last.pop(pod.metadata.uid, None)

    async def _ask(self, pod: PodView) -> Waiting:
        fields = f"regarding.uid={pod.metadata.uid},type=Warning"
        try:
            events = await self._api.list(_Event, EVENTS, pod.metadata.namespace, fields=fields)
        except (ApiError, ApiUnreachableError):
            return Waiting()  # a hint is a courtesy: nothing depends on it
        return hint_of([(event.reason, event.note) for event in events])
