"""Watches the runs of a namespace: when each is over, how large it is, and how far its status is behind."""

import asyncio
import time
from bisect import bisect_right

import msgspec

from bench.client import Client


class _Status(msgspec.Struct):
    phase: str = ""
    counts: dict[str, int] = {}


class _Metadata(msgspec.Struct):
    name: str


class _Run(msgspec.Struct):
    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)


class _Event(msgspec.Struct):
    type: str
    object: _Run


class Observer:
    """What it has seen so far; times are of the machine's monotonic clock.

    Attributes
    ----------
    largest
        Bytes of the largest run.
    over
        When each run was seen to have ended, by name.
    steps
        When how many tasks of all runs together were said to have ended.
    """

    def __init__(self, client: Client, namespace: str) -> None:
        self.largest = 0
        self.over: dict[str, float] = {}
        self.failed: list[str] = []
        self.steps: list[tuple[float, int]] = []
        self.started = asyncio.Event()
        self._client = client
        self._path = f"/apis/levada.dev/v1alpha1/namespaces/{namespace}/pipelineruns"
        self._done: dict[str, int] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        decoder = msgspec.json.Decoder(_Event)
        async for line in self._client.watch(self._path, self.started.set):
            event = decoder.decode(line)
            if event.type != "DELETED":
                self._see(event.object, len(line))

    async def ended(self, count: int) -> None:
        """Wait until that many runs are over."""
        while len(self.over) < count:
            await self._news.wait()
            self._news.clear()

    def lag(self, ended: list[float]) -> float:
        """The longest time in seconds for which a task had ended and no status said so; `ended` is when they did."""
        ended = sorted(ended)
        longest, said = 0.0, 0
        for at, done in self.steps:
            if bisect_right(ended, at) > said:
                longest = max(longest, at - ended[said])
            said = max(said, done)
        return longest

    def _see(self, run: _Run, size: int) -> None:
        now, name, status = time.monotonic(), run.metadata.name, run.status
        self.largest = max(self.largest, size)
        self._done[name] = sum(status.counts.get(word, 0) for word in ("succeeded", "cached", "failed"))
        self.steps.append((now, sum(self._done.values())))
        if status.phase in ("Succeeded", "Failed", "Cancelled"):
            self.over.setdefault(name, now)
            self._news.set()
        if status.phase in ("Failed", "Cancelled"):
            self.failed.append(name)
