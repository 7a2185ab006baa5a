"""Simulated time for the product and for asyncio: timers fire when the world's clock says so, and nobody waits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

from levada.kube.run_store import RunStore
from simulation.api import SimulatedApi, SimulatedStore
from simulation.world import World

awake: ContextVar[Callable[[], Awaitable[None]]] = ContextVar("awake")
"""Waits while the process that asks is stopped."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Where an event loop would wait, the world goes on: to its next event or to the loop's next timer."""

    def __init__(self, current: Callable[[], World]) -> None:
        self._current = current
        super().__init__(_Jump(current))

    def time(self) -> float:
        return self._current().now


class _Jump(selectors.SelectSelector):
    def __init__(self, current: Callable[[], World]) -> None:
        super().__init__()
        self._current = current

    def select(self, timeout: float | None = None) -> list[Any]:
        world = self._current()
        if timeout is None or (timeout > 0 and world.next_at <= world.now + timeout):
            assert world.step(), "everything waits, and nothing will happen"
        elif timeout > 0:
            world.now += timeout
        return []


class _Stoppable:
    """asyncio for a process that may be stopped: what slept meanwhile goes on when it is woken."""

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await awake.get()()

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def in_virtual_time(current: Callable[[], World]) -> ExitStack:
    """What of the product asks for the time or the store gets the simulated ones."""

    async def open_store(api: SimulatedApi, namespace: str, frozen: str | None) -> RunStore:
        return SimulatedStore(api, namespace, process=api.process)

    async def at_once(work: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        return work(*arguments, **more)  # a thread would take real time

    def now() -> Any:
        return current().time()

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return current().now

    stack = ExitStack()
    stack.enter_context(patch("asyncio.to_thread", at_once))
    stack.enter_context(patch("levada.kube.run_store.in_store_thread", at_once))
    stack.enter_context(patch("levada.kube.artifact_sweep.in_store_thread", at_once))
    stack.enter_context(patch("levada.kube.opening.open_store", open_store))
    stack.enter_context(patch("levada.kube.clock.SERVER.now", now))
    stack.enter_context(patch("levada.kube.record.time", Clock))
    stack.enter_context(patch("levada.kube.lease.time", Clock))
    stack.enter_context(patch("levada.kube.lease.asyncio", _Stoppable()))
    return stack
