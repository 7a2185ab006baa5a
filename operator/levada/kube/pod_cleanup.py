"""Ended Pods go as their run's `podCleanup` says, once their results are recorded and have been for a while."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta

from levada.kube import metrics, task_pods
from levada.kube.client import Api, Json
from levada.kube.errors import ApiError
from levada.kube.kept import UnreadableError, rows_of
from levada.kube.resource import PIPELINE_RUNS
from levada.planner.names import RESULT_FINALIZER, Key
from levada.planner.podview import PodView
from levada.planner.retention import NEVER, ON_COMPLETION, History, is_over, may_free_pod
from levada.planner.sighting import is_dead

_EVERY = 5.0
_PACE = 0.05
"""Seconds between two Pods that are deleted."""
_log = logging.getLogger(__name__)


class PodCleanup:
    """Removes Pods of running and finished runs.

    Parameters
    ----------
    api
        Requests.
    pods
        The Pods of each run by name.
    history
        Knows the runs that stay without their Pods.
    rest
        How long a Pod is left alone after it was first seen to have ended and to be let go. It is let go once its
        result is recorded, so this is at least as long after that.
    """

    def __init__(self, api: Api, pods: Mapping[Key, Mapping[str, PodView]], history: History, rest: timedelta) -> None:
        self._api = api
        self._pods = pods
        self._history = history
        self._rest = rest.total_seconds()
        self._policies: dict[Key, tuple[str, str]] = {}
        self._since: dict[tuple[str, str], float] = {}

    def note(self, key: Key, uid: str, cleanup: str) -> None:
        """Take in that the run is there, and its `podCleanup`."""
        self._policies[key] = (uid, cleanup)

    def forget(self, key: Key) -> None:
        """The run is gone; so are its Pods."""
        self._policies.pop(key, None)

    async def look(self) -> float:
        """Remove what may go now. Returns the seconds after which to look again."""
        seen: dict[tuple[str, str], float] = {}
        for key, (uid, policy) in tuple(self._policies.items()):
            cleanup = ON_COMPLETION if self._history.is_kept(uid) else policy
            if cleanup == NEVER or not self._pods.get(key):
                continue
            ended = {(pod.metadata.uid, cleanup): pod for pod in self._ended(key, uid)}
            seen |= {each: self._since.setdefault(each, time.monotonic()) for each in ended}
            rested = {each: pod for each, pod in ended.items() if seen[each] + self._rest <= time.monotonic()}
            if not rested:
                continue
            try:
                seen |= await self._free(key, uid, cleanup, rested)
            except (ApiError, UnreadableError) as error:  # those of other runs go all the same
                _log.warning("its Pods cannot be removed: %s", error, extra={"namespace": key[0], "run": key[1]})
                seen |= dict.fromkeys(rested, time.monotonic())
        self._since = seen
        return _EVERY

    def _ended(self, key: Key, uid: str) -> Iterator[PodView]:
        """The run's Pods that nothing runs in any more and that are not held for their result."""
        for pod in self._pods[key].values():
            is_held = RESULT_FINALIZER in pod.metadata.finalizers or pod.metadata.deletion_timestamp is not None
            if not is_held and is_dead(pod) and task_pods.is_ours(pod, uid):
                yield pod

    async def _free(
        self, key: Key, uid: str, cleanup: str, rested: Mapping[tuple[str, str], PodView]
    ) -> dict[tuple[str, str], float]:
        """Delete those that the run's status allows. Returns the others, with when they were last looked at."""
        run = await self._get(key)
        if run is None or run["metadata"]["uid"] != uid:
            return {}
        rows = {row.path: row for row in rows_of(run.get("status", {}))}
        over = is_over(run)
        left: dict[tuple[str, str], float] = {}
        for each, pod in rested.items():
            path, attempt = task_pods.attempt_of(pod)
            if may_free_pod(cleanup, rows.get(path), attempt, is_over=over):
                await task_pods.delete(self._api, pod)
                metrics.REMOVED.labels("pod").inc()
                await asyncio.sleep(_PACE)
            else:  # of a run that is over nothing changes any more
                left[each] = math.inf if over else time.monotonic()
        return left

    async def _get(self, key: Key) -> Json | None:
        try:
            return await self._api.get(PIPELINE_RUNS, *key)
        except ApiError as error:
            if error.status == task_pods.NOT_FOUND:
                return None
            raise
