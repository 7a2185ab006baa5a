"""What goes on beside the reconciliation of runs: finished runs, ended Pods and artifacts are removed when it is time.

The history comes from the runs that are reconciled anyway; nothing is listed for it. Deletions are paced: they never
crowd out the work on runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from levada.api.base import API_VERSION
from levada.kube import metrics
from levada.kube.artifact_sweep import ArtifactSweep
from levada.kube.client import Json
from levada.kube.clock import utc_now
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.kube.events import ObjectRef
from levada.kube.lease import LeaseSettings
from levada.kube.pod_cleanup import PodCleanup
from levada.kube.resource import PIPELINE_RUNS, PIPELINES, Resource
from levada.kube.runtime import Runtime
from levada.kube.strays import Strays
from levada.kube.task_pods import NOT_FOUND
from levada.planner.names import KEPT_ANNOTATION, Key
from levada.planner.podview import PodView
from levada.planner.retention import Defaults, Ended, History, HistoryLimit, ended_run, history_limit

REST = timedelta(seconds=2 * LeaseSettings("").duration)
"""How long what has ended stays at least: as long as a replica that lost the lease may believe that it leads, twice."""
KEPT_FOR_GITOPS = "KeptForGitOps"

_PACE = 0.1
"""Seconds between two runs that are deleted."""
_AT_ONCE = 50
"""Runs that are deleted before it is decided anew."""
_PAUSE = 5.0
"""Seconds between two decisions, each of which goes through the whole history."""
_AFTER_TROUBLE = 30.0
_log = logging.getLogger(__name__)


class Settings(Protocol):
    """What of the operator's settings matters here."""

    ttl_after_finished: timedelta | None
    pod_cleanup: str
    sweep_every: timedelta


class Retention:
    """Removes what may go, as long as this replica leads.

    Parameters
    ----------
    runtime
        Requests, Pods and Events.
    pods
        The Pods of each run by name; kept up to date by the caller.
    settings
        What holds where runs say nothing.
    """

    def __init__(self, runtime: Runtime, pods: Mapping[Key, Mapping[str, PodView]], settings: Settings) -> None:
        self._runtime = runtime
        self._api = runtime.api
        self._defaults = Defaults(settings.ttl_after_finished, settings.pod_cleanup)
        self._history = History(REST)
        self._cleanup = PodCleanup(runtime.api, pods, self._history, REST)
        self._sweep = ArtifactSweep(runtime, self._history, settings.sweep_every)
        self._strays = Strays(runtime.api, runtime.pods.namespaces)
        self._news = asyncio.Event()

    def object_changed(self, kind: str, namespace: str, name: str) -> None:
        """Hear that one of the `pipelineruns`, `pipelines` or `components` may have changed."""
        self._sweep.namespaces.add(namespace)
        if kind == PIPELINES.plural:
            self._history.limit(Key(namespace, name), None)
            self._news.set()

    def run_seen(self, key: Key, run: Json | None, now: datetime) -> None:
        """Take in a run as the API server has it; None when it is gone."""
        ended = ended_run(run, self._defaults, now) if run else None
        if ended:
            self._history.note(ended)
            self._news.set()
        else:
            self._history.forget(key)
        if run:
            self._cleanup.note(key, run["metadata"]["uid"], run["spec"].get("podCleanup", self._defaults.cleanup))
        else:
            self._cleanup.forget(key)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._runtime.pods.synced.wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forever("look for Pods that nobody would let go", self._strays.look))
            group.create_task(self._forever("remove finished runs", self._remove_runs))
            group.create_task(self._forever("remove ended Pods", self._cleanup.look))
            group.create_task(self._forever("sweep artifacts", self._sweep.look))

    async def _forever(self, what: str, work: Callable[[], Awaitable[float]]) -> None:
        """Do `work` again and again, each time after the seconds that it returned; `what` tells people which it is."""
        while True:
            try:
                pause = await work()
            except (ApiError, ApiUnreachableError, NotLeaderError) as error:
                _log.warning("cannot %s now: %s", what, error)
                pause = _AFTER_TROUBLE
            except Exception:  # noqa: BLE001  # one bad object never stops the others
                _log.exception("cannot %s", what)
                pause = _AFTER_TROUBLE
            await asyncio.sleep(pause)

    async def _remove_runs(self) -> float:
        self._news.clear()
        for pipeline in self._history.unknown:
            self._history.limit(pipeline, await self._limit_of(pipeline))
        due, later = self._history.due(utc_now())
        for ended in due[:_AT_ONCE]:
            try:
                await self._end(ended)
            except ApiError as error:
                _log.warning("the finished run cannot be removed: %s", error, extra=_fields(ended))
                self._history.postpone(ended, utc_now())
            await asyncio.sleep(_PACE)
        if len(due) <= _AT_ONCE:
            wait = (later - utc_now()).total_seconds() if later else None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait)
        return _PAUSE

    async def _limit_of(self, pipeline: Key) -> HistoryLimit:
        found = await self._get(PIPELINES, pipeline)
        return history_limit(found["spec"]) if found else HistoryLimit()

    async def _end(self, ended: Ended) -> None:
        """Delete the run, as it stands now; one that would be applied again stays and is told of."""
        run = await self._get(PIPELINE_RUNS, ended.key)
        fresh = ended_run(run, self._defaults, ended.seen) if run else None
        if run is None or fresh is None or fresh.uid != ended.uid:
            self._history.forget(ended.key)
            return
        if fresh.applier:
            await self._keep(fresh)
        else:
            version = {"uid": fresh.uid, "resourceVersion": run["metadata"]["resourceVersion"]}
            options = {"preconditions": version, "propagationPolicy": "Background"}
            await self._api.delete(PIPELINE_RUNS, *fresh.key, options)
            metrics.REMOVED.labels("run").inc()
            _log.info("the finished run is deleted", extra=_fields(fresh))
        self._history.settle(fresh, is_kept=bool(fresh.applier))

    async def _keep(self, ended: Ended) -> None:
        """Say, once in the run's life, that its Pods and artifacts go and it does not."""
        if ended.is_told:
            return
        patch = {"metadata": {"uid": ended.uid, "annotations": {KEPT_ANNOTATION: "true"}}}
        await self._api.patch(PIPELINE_RUNS, *ended.key, patch)
        about = ObjectRef(API_VERSION, "PipelineRun", *ended.key, ended.uid)
        message = (
            f"its time is over, but {ended.applier} would apply it again, and it would run again: "
            "its Pods (and, with artifactPolicy Delete, its artifacts) are removed, the object stays"
        )
        self._runtime.recorder.emit(about, "Normal", KEPT_FOR_GITOPS, message)
        _log.info("%s: %s", KEPT_FOR_GITOPS, message, extra=_fields(ended))

    async def _get(self, resource: Resource, key: Key) -> Json | None:
        try:
            return await self._api.get(resource, *key)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise


def _fields(ended: Ended) -> dict[str, str]:
    return {"namespace": ended.namespace, "run": ended.name}
