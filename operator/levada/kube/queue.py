"""A queue of keys: each waits once, runs on one worker at a time, and runs again if it changed meanwhile."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Generic, TypeVar

from levada.kube import metrics
from levada.kube.backoff import Backoff
from levada.kube.errors import ApiUnreachableError, NotLeaderError

K = TypeVar("K", bound=Hashable)
Work = Callable[[K], Awaitable[float | None]]
_log = logging.getLogger(__name__)


class KeyedQueue(Generic[K]):
    """Runs `work(key)` for every key added.

    Parameters
    ----------
    work
        What to do for a key. It may return the seconds after which it wants to be called again.
    workers
        How many keys are worked on side by side.
    on_failure
        Awaited with the key, the error and how many times in a row it has now failed.
    around
        Held around the work on a key and what is logged about it: the place for log fields.
    first, cap
        The delays after failures, in seconds; they double from `first` to `cap`.
    """

    def __init__(  # all but the first have a default
        self,
        work: Work[K],
        *,
        workers: int = 4,
        on_failure: Callable[[K, Exception, int], Awaitable[None]] | None = None,
        around: Callable[[K], AbstractContextManager[None]] = lambda _: nullcontext(),
        first: float = 0.5,
        cap: float = 60.0,
    ) -> None:
        self._work = work
        self._workers = workers
        self._on_failure = on_failure
        self._around = around
        self._new_backoff: Callable[[], Backoff] = partial(Backoff, first, cap)
        self._backoffs: dict[K, Backoff] = {}
        self._waiting: dict[K, float] = {}  # in order of arrival
        self._backlog: dict[K, float] = {}
        self._running: set[K] = set()
        self._again: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        metrics.QUEUE_DEPTH.set_function(self.depth)
        metrics.QUEUE_AGE.set_function(self.oldest)

    def add(self, key: K) -> None:
        """Run `key` soon; if it is running, once more after that."""
        if self._stopping:
            return
        if key in self._running:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting[key] = self._backlog.pop(key, 0.0) or time.monotonic()
            self._wake.set()

    def add_backlog(self, key: K) -> None:
        """Run `key`, unless it waits or runs already, when there is time: one worker sees to the backlog first."""
        if not self._stopping and key not in self._waiting and key not in self._running:
            self._backlog.setdefault(key, time.monotonic())
            self._wake.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Run `key` in `seconds`. Of several such requests the earliest holds."""
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, seconds)
        known = self._timers.get(key)
        if self._stopping or (known is not None and known.when() <= due):
            return
        if known is not None:
            known.cancel()
        self._timers[key] = loop.call_at(due, self._due, key)

    def depth(self) -> int:
        """How many keys wait for a worker."""
        return len(self._waiting) + len(self._backlog)

    def oldest(self) -> float:
        """Seconds that the longest waiting key has waited."""
        now = time.monotonic()
        return now - min(next(iter(lane.values()), now) for lane in (self._waiting, self._backlog))

    async def run(self) -> None:
        """Work until `stop`, or until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._workers):
                lanes = (self._waiting, self._backlog)
                group.create_task(self._worker(lanes if number else lanes[::-1]), name=f"worker {number}")

    def stop(self) -> None:
        """Take no more keys and forget those that wait: `run` returns when those under way are done."""
        self._stopping = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._backlog.clear()
        self._again.clear()
        self._wake.set()

    def _due(self, key: K) -> None:
        del self._timers[key]
        self.add(key)

    async def _worker(self, lanes: Sequence[dict[K, float]]) -> None:
        """Work on what waits in the first lane, or else in the second."""
        while not self._stopping:
            lane = next((lane for lane in lanes if lane), None)
            if lane is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            key = next(iter(lane))
            del lane[key]
            self._running.add(key)
            try:
                with self._around(key):
                    await self._run_one(key)
            finally:
                self._running.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)

    async def _run_one(self, key: K) -> None:
        started = time.monotonic()
        result = "error"
        try:
            again = await self._work(key)
        except Exception as error:  # noqa: BLE001  # one bad key never stops the others
            if isinstance(error, ApiUnreachableError | NotLeaderError):
                _log.warning("%s has to wait: %s", key, error)
            else:
                _log.exception("working on %s failed", key)
            await self._failed(key, error)
        else:
            result = "ok"
            self._backoffs.pop(key, None)
            if again is not None:
                self.add_after(key, again)
        finally:
            metrics.RECONCILE_SECONDS.labels(result).observe(time.monotonic() - started)

    async def _failed(self, key: K, error: Exception) -> None:
        backoff = self._backoffs.setdefault(key, self._new_backoff())
        self.add_after(key, backoff.failed())
        if self._on_failure is None:
            return
        try:
            await self._on_failure(key, error, backoff.failures)
        except Exception:  # noqa: BLE001  # as above
            _log.exception("the failure of %s could not be reported", key)
