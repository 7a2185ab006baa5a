"""Leader election: a Lease in the API server says which replica may write, and a local clock says for how long."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from levada.kube import metrics
from levada.kube.client import Api, Json
from levada.kube.clock import micro_time
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.resource import LEASES

_NOT_FOUND, _CONFLICT = 404, 409
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseSettings:
    """Which lease, and its times in seconds.

    Attributes
    ----------
    namespace, name
        The Lease object.
    identity
        Who we are: the Pod's name. Each process adds something of its own.
    duration
        How long others wait after they last saw it renewed.
    renew
        How often the holder renews it.
    margin
        How long before that the holder stops to begin writes.
    retry
        How often the others look, and the holder tries again after a failure.
    """

    namespace: str
    name: str = "levada"
    identity: str = "levada"
    duration: float = 15.0
    renew: float = 5.0
    margin: float = 4.0
    retry: float = 1.5


@dataclass(slots=True)
class _Seen:
    """The last state in which we saw another holder's lease, and when by our own clock."""

    state: tuple[Any, ...] = ()
    at: float = field(default_factory=time.monotonic)

    def unchanged_for(self, state: tuple[Any, ...]) -> float:
        if state != self.state:
            self.state, self.at = state, time.monotonic()
        return time.monotonic() - self.at


class Lease:
    """One replica's claim on the lease.

    Parameters
    ----------
    api
        The API server. Requests for the lease pass by its pool and its fence.
    settings
        Which lease, and its times.

    Notes
    -----
    Another replica takes over `duration` after it *saw* our last renewal, so never before `duration` after we *began*
    to send it. Up to `margin` before that we begin writes; one under way then is given up (`safe_seconds`) a second
    before. All of this is monotonic time: a clock that is set cannot make two leaders.
    """

    def __init__(self, api: Api, settings: LeaseSettings) -> None:
        self.settings = settings
        self.identity = f"{settings.identity}_{uuid.uuid4().hex[:8]}"
        self._api = api
        self._renewed: float | None = None
        self._lease: Json | None = None
        self._seen = _Seen()

    def holds(self) -> bool:
        """Whether a write may begin now."""
        return self.safe_seconds() > 0

    def safe_seconds(self) -> float:
        """Seconds that a write which begins now may take; 0 when none may begin. Made to be `Transport.fence`."""
        if self._renewed is None:
            return 0.0
        left = self._renewed + self.settings.duration - time.monotonic()
        return left - 1.0 if left > self.settings.margin else 0.0

    async def run(self, lead: Callable[[], Awaitable[None]]) -> None:
        """Contend for the lease for ever; `lead()` runs while it is held and is cancelled when it is lost.

        Parameters
        ----------
        lead
            What only one replica may do. If it returns or raises, so does `run`. When `run` is cancelled, `lead` is,
            and once it has ended the lease is released, so that another replica takes over at once.
        """
        while True:
            await self._acquire()
            _log.info("this replica leads now, as %s", self.identity)
            metrics.LEADER.set(1)
            task = asyncio.ensure_future(lead())
            keeping = asyncio.create_task(self._keep(), name="renew the lease")
            try:
                await asyncio.wait({task, keeping}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    return task.result()
                _log.error("the lease is lost: nothing is written any more")
            finally:
                metrics.LEADER.set(0)
                # The lease is renewed until `lead` has ended: it may have writes to finish.
                await _cancel(task)
                await _cancel(keeping)
                await self.release()

    async def release(self) -> None:
        """Give the lease back, if we hold it."""
        if not self.holds() or self._lease is None:
            return
        self._renewed = None
        body = self._claim(self._lease, holder="", duration=1)
        with suppress(ApiError, ApiUnreachableError):
            await self._put(body)
            _log.info("the lease is released")

    async def _acquire(self) -> None:
        self._renewed = None
        while not self.holds():
            try:
                await self._contend()
            except (ApiError, ApiUnreachableError) as error:
                if not isinstance(error, ApiError) or error.status != _CONFLICT:
                    _log.warning("cannot contend for the lease: %s", error)
            if not self.holds():
                await asyncio.sleep(self.settings.retry)

    async def _contend(self) -> None:
        """Take the lease if nobody holds it, or nobody has renewed it for its duration."""
        began = time.monotonic()
        settings = self.settings
        try:
            lease = await self._api.get(LEASES, settings.namespace, settings.name, urgent=True)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            body = self._claim({"metadata": {"name": settings.name, "namespace": settings.namespace}}, self.identity)
            self._lease = await self._api.create(LEASES, settings.namespace, body, urgent=True)
        else:
            if not self._expired(lease):
                return
            began = time.monotonic()
            self._lease = await self._put(self._claim(lease, self.identity))
        self._renewed = began

    def _expired(self, lease: Json) -> bool:
        spec = lease.get("spec") or {}
        holder = spec.get("holderIdentity") or ""
        state = (holder, spec.get("renewTime"), spec.get("leaseTransitions"))
        unchanged = self._seen.unchanged_for(state)
        return holder in {"", self.identity} or unchanged >= float(
            spec.get("leaseDurationSeconds") or self.settings.duration
        )

    async def _keep(self) -> None:
        """Renew until it is lost: another holds it, or we may not write any more."""
        pause = self.settings.renew
        while self.holds():
            # Wake up, at the latest, when writes must stop: a request that hangs does not hide that.
            await asyncio.sleep(min(pause, self._left()))
            try:
                async with asyncio.timeout(min(self._left(), self.settings.duration / 5)):
                    pause = self.settings.renew if await self._renew() else 0.0
            except (ApiError, ApiUnreachableError, TimeoutError) as error:
                _log.warning("cannot renew the lease: %s", error or "no answer")
                pause = self.settings.retry
        self._renewed = None

    def _left(self) -> float:
        """Seconds until no write may begin."""
        if self._renewed is None:
            return 0.0
        return max(0.0, self._renewed + self.settings.duration - self.settings.margin - time.monotonic())

    async def _renew(self) -> bool:
        """Renew once; after a conflict look again who holds it, and try again at once if it is still us."""
        began = time.monotonic()
        try:
            self._lease = await self._put(self._claim(self._lease or {}, self.identity))
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            lease = await self._api.get(LEASES, self.settings.namespace, self.settings.name, urgent=True)
            if (lease.get("spec") or {}).get("holderIdentity") != self.identity:
                self._renewed = None
            self._lease = lease
            return False
        self._renewed = began
        return True

    async def _put(self, body: Json) -> Json:
        return await self._api.replace(LEASES, self.settings.namespace, self.settings.name, body, urgent=True)

    def _claim(self, lease: Json, holder: str, duration: float | None = None) -> Json:
        """The lease as `holder` would have it, on top of the state (and resourceVersion) that was read."""
        spec: Json = dict(lease.get("spec") or {})
        now = micro_time()
        if holder and spec.get("holderIdentity") != holder:
            spec |= {"acquireTime": now, "leaseTransitions": int(spec.get("leaseTransitions") or 0) + 1}
        seconds = max(1, round(duration or self.settings.duration))
        spec |= {"holderIdentity": holder, "renewTime": now, "leaseDurationSeconds": seconds}
        kind = {"apiVersion": LEASES.group_version, "kind": "Lease"}
        return kind | {"metadata": lease["metadata"], "spec": spec}


async def _cancel(task: asyncio.Future[None]) -> None:
    """Cancel a task and wait until it has ended, however that is."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("failed while the lease was given up", exc_info=error)
