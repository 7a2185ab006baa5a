"""Kubernetes Events, posted in the background and as well as can be: they tell people, they never hold up work."""

import asyncio
import logging
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from levada.kube import metrics
from levada.kube.client import Api, Json
from levada.kube.clock import micro_time
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.kube.resource import EVENTS

EventType = Literal["Normal", "Warning"]
NOTE_LIMIT = 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What an Event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class _Happening:
    """What makes two Events the same."""

    about: ObjectRef
    type: EventType
    reason: str
    note: str


class Recorder:
    """Posts Events.

    Parameters
    ----------
    api
        The API server.
    instance
        Which replica we are: the Pod's name.
    limit
        How many different Events may wait; what comes beyond is dropped and counted.
    repeat_after
        Seconds within which a repetition is left out; after them it is posted again.
    pause
        Seconds between two posts: Events never crowd out the requests that do the work.
    """

    def __init__(
        self, api: Api, instance: str, *, limit: int = 1000, repeat_after: float = 60.0, pause: float = 0.02
    ) -> None:
        self._api = api
        self._instance = instance
        self._limit = limit
        self._repeat_after = repeat_after
        self._pause = pause
        self._waiting: OrderedDict[_Happening, None] = OrderedDict()
        self._posted: OrderedDict[_Happening, float] = OrderedDict()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def emit(self, about: ObjectRef, type_: EventType, reason: str, message: str) -> None:
        """Have an Event posted soon; returns at once and never fails.

        Parameters
        ----------
        about
            The object.
        type_
            `Normal` or `Warning`.
        reason
            CamelCase, for machines.
        message
            For people; cut at 1 KiB.
        """
        happening = _Happening(about, type_, reason[:128], _cut(message))
        posted = self._posted.get(happening)
        if happening in self._waiting or (posted and time.monotonic() - posted < self._repeat_after):
            return
        if len(self._waiting) < self._limit:
            self._waiting[happening] = None
            self._idle.clear()
            self._wake.set()
        else:
            metrics.EVENTS_DROPPED.inc()

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            await self._wake.wait()
            while self._waiting:
                happening, _ = self._waiting.popitem(last=False)
                try:
                    await self._post(happening)
                except (ApiError, ApiUnreachableError, NotLeaderError) as error:
                    metrics.EVENTS_DROPPED.inc()
                    _log.debug("an Event is dropped: %s", error)
                await asyncio.sleep(self._pause)
            self._wake.clear()
            self._idle.set()

    async def drained(self) -> None:
        """Wait until nothing waits any more."""
        await self._idle.wait()

    async def _post(self, happening: _Happening) -> None:
        await self._api.create(EVENTS, happening.about.namespace, self._body(happening))
        self._posted[happening] = time.monotonic()
        self._posted.move_to_end(happening)
        while len(self._posted) > self._limit:
            self._posted.popitem(last=False)

    def _body(self, happening: _Happening) -> Json:
        about = happening.about
        return {
            "apiVersion": EVENTS.group_version,
            "kind": "Event",
            "metadata": {"name": f"{about.name[:220]}.{uuid.uuid4().hex[:16]}", "namespace": about.namespace},
            "eventTime": micro_time(),
            "reportingController": "levada.dev/operator",
            "reportingInstance": self._instance[:128],
            "action": happening.reason,
            "reason": happening.reason,
            "type": happening.type,
            "note": happening.note,
            "regarding": {
                "apiVersion": about.api_version,
                "kind": about.kind,
                "namespace": about.namespace,
                "name": about.name,
                "uid": about.uid,
            },
        }


def _cut(message: str) -> str:
    """The message within the API's limit, which counts bytes."""
    raw = message.encode()
    return message if len(raw) <= NOTE_LIMIT else raw[: NOTE_LIMIT - 3].decode(errors="ignore") + "..."
