"""What the operator does itself, without a Pod: it makes claims and removes them for the tasks of one run.

To make one twice is to make it once: its name and its maker stand in it. To remove one is not: that it was there is
recorded before it is removed, so that after a restart its absence is known to be ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.resource import CLAIMS, PartialObject
from levada.kube.task_pods import CONFLICT, NOT_FOUND
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success, Waiting
from levada.planner.claims import MAKER_ANNOTATION, claim_manifest, claim_name, foreign, missing, taken
from levada.planner.names import TASK_ANNOTATION
from levada.planner.nodes import Order, Phase
from levada.planner.pod import RunIdentity
from levada.planner.refusal import Refusal, refusal_of
from levada.planner.run import Run

AGAIN = 0.2
"""Seconds until what has to be recorded first is tried."""
FIRST, LONGEST = timedelta(seconds=1), timedelta(seconds=30)
_KIND = "PersistentVolumeClaim"


@dataclass(slots=True)
class Orders:
    """The orders of one run.

    Attributes
    ----------
    pending_timeout
        How long one that is refused is tried again.
    """

    run: Run
    api: Api
    identity: RunIdentity
    pending_timeout: timedelta
    _since: dict[tuple[str, int], datetime] = field(default_factory=dict)

    async def start(self, order: Order, now: datetime) -> float:
        """Carry out what can be done at once. Returns the seconds after which to look again."""
        self._since.setdefault((order.path, order.attempt), now)
        name = claim_name(order, self.identity.uid)
        if isinstance(name, Failure):
            return self._observe(order, name, now)
        try:
            if order.claim.deed == "create":
                manifest = claim_manifest(order, name, self.identity.name, self.identity.uid)
                return await self._create(order, manifest, now)
            found = await self._find(name)
            if found is None or MAKER_ANNOTATION not in found.metadata.annotations:
                return self._observe(order, missing(name) if found is None else foreign(name), now)
        except (ApiError, ApiUnreachableError) as error:
            return self._refuse(order, _refusal(error), now)
        self.run.observe(order.path, order.attempt, Running(now), now)
        return AGAIN

    async def go_on(self, now: datetime) -> list[float]:
        """Remove the claims of which it is recorded that they are to go; when to look again."""
        return [await self._remove(order, now) for order in self._under_way() if order.phase is Phase.RUNNING]

    def stop(self, order: Order, now: datetime) -> None:
        """Nothing of an order goes on by itself."""
        self.run.observe(order.path, order.attempt, Waiting(), now, dead=True)

    def _under_way(self) -> list[Order]:
        return [leaf for leaf in self.run.under_way.values() if isinstance(leaf, Order)]

    async def _create(self, order: Order, manifest: dict[str, Any], now: datetime) -> float:
        name, namespace = manifest["metadata"]["name"], self.identity.namespace
        try:
            await self.api.create(CLAIMS, namespace, manifest)
        except ApiError as error:
            if error.status != CONFLICT:
                raise
            found = await self._find(name)
            annotations = found.metadata.annotations if found else {}
            if (annotations.get(MAKER_ANNOTATION), annotations.get(TASK_ANNOTATION)) != (self.identity.uid, order.path):
                return self._observe(order, taken(name), now)
        outputs = dict.fromkeys(order.claim.outputs, name)
        return self._observe(order, Success(outputs, started=now, finished=now), now)

    async def _remove(self, order: Order, now: datetime) -> float:
        if order.doom or order.changed > self.run.recorded:
            return AGAIN
        name = claim_name(order, self.identity.uid)
        assert isinstance(name, str)
        try:
            await self.api.delete(CLAIMS, self.identity.namespace, name, {})
        except ApiError as error:
            if error.status != NOT_FOUND:
                return self._keep_trying(order, _refusal(error), now)
        except ApiUnreachableError as error:
            return self._keep_trying(order, _refusal(error), now)
        return self._observe(order, Success(finished=now), now)

    def _keep_trying(self, order: Order, refusal: Refusal, now: datetime) -> float:
        since = self._since.setdefault((order.path, order.attempt), now)
        if refusal.is_lasting or now - since >= self.pending_timeout:
            return self._observe(order, Failure(refusal.reason, refusal.message), now)
        return _pause(now - since).total_seconds()

    def _refuse(self, order: Order, refusal: Refusal, now: datetime) -> float:
        since = self._since[order.path, order.attempt]
        left = since + self.pending_timeout - now
        if refusal.is_lasting or left <= timedelta():
            reason = refusal.reason if refusal.is_lasting else reasons.PENDING_TIMEOUT
            return self._observe(order, Failure(reason, refusal.message), now)
        pause = min(_pause(now - since), left)
        self.run.refuse(order.path, refusal.reason, refusal.message, now + pause)
        return pause.total_seconds()

    def _observe(self, order: Order, outcome: Success | Failure, now: datetime) -> float:
        self._since.pop((order.path, order.attempt), None)
        self.run.observe(order.path, order.attempt, outcome, now, dead=True)
        return 0.0

    async def _find(self, name: str) -> PartialObject | None:
        try:
            return await self.api.get_as(PartialObject, CLAIMS, self.identity.namespace, name)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise


def _pause(waited: timedelta) -> timedelta:
    return min(FIRST + waited, LONGEST)


def _refusal(error: ApiError | ApiUnreachableError) -> Refusal:
    if isinstance(error, ApiUnreachableError):
        return Refusal("ApiError", str(error))
    refusal = refusal_of(error.status, error.message, _KIND)
    return replace(refusal, reason=reasons.INVALID_CLAIM) if refusal.reason == reasons.INVALID_POD else refusal
