"""A replica with the real lease, and a process that may be killed, stopped between any two steps, and cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from invariants.history import Write
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.lease import Lease, LeaseSettings
from levada.kube.transport import Transport
from simulation.api import CrashError, Request, SimulatedApi, Trouble, refused
from simulation.apiserver import ApiServer
from simulation.clock import awake
from simulation.kubelet import Kubelet
from simulation.replica import LATENCY, Leader
from simulation.world import World

LEASE = LeaseSettings("levada-system")
STOPS = (1.0, 6.0, 12.0, 16.0, 20.0, 45.0)
"""Seconds for which a process stands still or is cut off: less and more than the lease lasts."""
_TIMEOUT = 10.0


class _Wire(Transport):
    """The real pool and fence; what has passed them goes to the simulated server."""

    def __init__(self, exchange: Callable[[Request], Any], fence: Callable[[], float]) -> None:
        self.fence, self._pool, self._exchange = fence, asyncio.Semaphore(16), exchange

    async def _once(self, call: Any, access: Any) -> Any:
        return await self._exchange(call)


@dataclass(frozen=True, slots=True)
class _Letter:
    """A request under way: when it was sent, and how far the server's log was then."""

    request: Request
    answer: asyncio.Future[Any]
    fault: str | None
    sent_at: float
    position: int


class Contender:
    """One process of two; it begins to contend for the lease when it is made.

    Attributes
    ----------
    leader
        What it does while it leads.
    task
        Ends when the process does.
    """

    def __init__(
        self, world: World, server: ApiServer, kubelet: Kubelet, trouble: Trouble, died: Callable[[], None]
    ) -> None:
        self.world, self.server, self.kubelet, self.trouble = world, server, kubelet, trouble
        self.is_alive = True
        self.leader: Leader | None = None
        self._died = died
        self._stopped_until = self._cut_until = 0.0
        self._api = SimulatedApi(self)
        self.lease = Lease(self._api, LEASE)
        self._wire = _Wire(self._exchange, self.lease.safe_seconds)
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        awake.set(self.awake)
        with suppress(CrashError):  # the dead give back no lease
            await self.lease.run(self._lead)

    async def _lead(self) -> None:
        self.world.note(f"*** {self.lease.identity} leads")
        self.leader = leader = Leader(self, self._api)
        try:
            while True:
                await self.awake()
                if not await leader.work():
                    leader.marked.clear()
                    await leader.marked.wait()
        finally:
            leader.end()
            self.leader = None

    # --- what befalls it

    def kill(self) -> None:
        if self.is_alive:
            self.world.note(f"*** {self.lease.identity} is killed")
            self.is_alive = False
            self.task.cancel()
            self._died()

    def stop(self, seconds: float) -> None:
        """Let nothing of it go on for so long, not even a request that is ready to be sent."""
        self.world.note(f"*** {self.lease.identity} stands still for {seconds} s")
        self._stopped_until = max(self._stopped_until, self.world.now + seconds)
        self._deafen(seconds)

    def cut(self, seconds: float) -> None:
        """Let nothing that it sends arrive for so long."""
        self.world.note(f"*** {self.lease.identity} is cut off for {seconds} s")
        self._cut_until = max(self._cut_until, self.world.now + seconds)
        self._deafen(seconds)

    def _deafen(self, seconds: float) -> None:
        self.world.after(seconds, lambda: None)  # a history is not over before that
        if self.leader:
            self.leader.cut(seconds, 0)

    async def awake(self) -> None:
        """Wait while the process stands still; in which order its parts go on then is a matter of chance."""
        while (left := self._stopped_until - self.world.now) > 0:
            await asyncio.sleep(left + self.world.random.uniform(0, LATENCY))

    def check_alive(self) -> None:
        if not self.is_alive:
            raise CrashError

    # --- what it sends

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def send(self, request: Request) -> Any:
        await self.awake()
        self.check_alive()
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await self._wire._attempt(request, None)
        except TimeoutError as error:
            raise ApiUnreachableError("no answer in time") from error

    async def _exchange(self, request: Request) -> Any:
        """Send what the fence has let through."""
        told, fault = ("", None) if request.urgent else self.trouble.next(request)
        if told:
            told += f" ({fault})" if fault else ""
            self.world.record(Write(self.world.now, self.lease.identity, self._holder(), told, request.reads))
        if fault == "crash before":
            self.kill()
            raise CrashError
        if fault == "stop before":
            self.stop(self.world.random.choice(STOPS))
        refused(fault)
        answer = asyncio.get_running_loop().create_future()
        letter = _Letter(request, answer, fault, self.world.now, len(self.server.log))
        self._later(request, partial(self._arrive, letter))
        return await answer

    def _holder(self) -> str:
        lease = self.server.objects.get(("leases", LEASE.namespace, LEASE.name), {})
        return str(lease.get("spec", {}).get("holderIdentity", ""))

    def _later(self, request: Request, action: Callable[[], None]) -> None:
        """Have something happen once the process goes on and the network has had its time."""
        stopped = max(0.0, self._stopped_until - self.world.now)
        self.world.after(stopped + self.world.random.uniform(0, LATENCY), action, idle=request.urgent)

    def _arrive(self, letter: _Letter) -> None:
        """Whoever sent the request may have given it up, or be dead."""
        request, world = letter.request, self.world
        if world.now < self._stopped_until:
            self._later(request, partial(self._arrive, letter))
            return
        if world.now < self._cut_until or self._comes_after_its_pod(letter):
            return
        try:
            answer = request.act()
        except ApiError as error:
            answer = error
            if not request.urgent:
                world.note(f"    {request}: {error}")
        if letter.fault == "crash after":
            self.kill()
        elif letter.fault != "no answer":
            self._later(request, partial(self._hand_over, letter, answer))

    def _hand_over(self, letter: _Letter, answer: Any) -> None:
        if self.world.now < self._stopped_until:
            self._later(letter.request, partial(self._hand_over, letter, answer))
        elif not letter.answer.done() and self.world.now >= self._cut_until:
            (letter.answer.set_exception if isinstance(answer, ApiError) else letter.answer.set_result)(answer)

    def _comes_after_its_pod(self, letter: _Letter) -> bool:
        """The gap that docs/install.md tells of: no fence holds back a create that stands still for so long."""
        request = letter.request
        if (request.verb, request.plural) != ("create", "pods") or self.world.now - letter.sent_at < LEASE.duration:
            return False
        later = self.server.log[letter.position :]
        return any(new is None and old and old["metadata"]["name"] == request.name for _, _, old, new in later)
