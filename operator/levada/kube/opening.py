"""How a run is begun, taken up again, or ended before it began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from levada.api.fields import seconds
from levada.frontend.mistakes import InvalidSpecError
from levada.frontend.native import build_run
from levada.frontend.pod_template import Allowed
from levada.graph.model import Datum, Graph
from levada.kube.active_run import ActiveRun
from levada.kube.answers import Tower
from levada.kube.client import Api, Json
from levada.kube.clock import utc_now
from levada.kube.definition import (
    Definition,
    FrozenElsewhereError,
    MissingReferencesError,
    RecordLostError,
    freeze,
    gather,
    thaw,
)
from levada.kube.errors import ApiError
from levada.kube.record import Record, patch_status
from levada.kube.rerun import check_earlier, earlier_results
from levada.kube.resource import PIPELINE_RUNS
from levada.kube.run_store import RunStore, open_store
from levada.kube.task_pods import FORBIDDEN
from levada.planner import reasons
from levada.planner.names import STARTED_ANNOTATION
from levada.planner.refusal import refusal_of
from levada.planner.settings import PodSettings
from levada.planner.status import Standing, head_status, stopped_tasks
from levada.store.errors import StoreError

_Built = tuple[Graph, dict[str, Datum]]
_LOOK_AGAIN = 15.0
"""Longest wait, in seconds, for what should announce itself and may not."""
_PREDECESSOR = 1.0
"""Seconds until the ConfigMaps of a deleted run of the same name may be gone."""
_GOES_SOON = timedelta(seconds=20)
"""How long after a run was made they may still be there."""


class Opening:
    """Makes active runs out of PipelineRun objects.

    Parameters
    ----------
    api
        Requests.
    emit
        Posts a Kubernetes Event: the run, its type, reason and message.
    allowed
        What runs may name.
    settings
        How Pods are made.
    tower
        What work is under way.
    """

    def __init__(
        self,
        api: Api,
        emit: Callable[[Json, str, str, str], None],
        allowed: Allowed,
        settings: PodSettings,
        tower: Tower,
    ) -> None:
        self._api = api
        self._emit = emit
        self._allowed = allowed
        self._settings = settings
        self._tower = tower
        self._waiting: dict[tuple[str, str], set[str]] = {}

    def waiting_for(self, namespace: str, wanted: str) -> Iterator[str]:
        """The names of the runs that wait for `wanted`, such as `Component/train`."""
        waiting = list(self._waiting.items())
        return (run for (where, run), names in waiting if where == namespace and wanted in names)

    def forget(self, key: tuple[str, str]) -> None:
        """The run waits for nothing any more."""
        self._waiting.pop(key, None)

    async def open(self, run: Json) -> ActiveRun | float | None:
        """The run at work; or the seconds until it should be tried again; or None: it has been ended."""
        if run.get("status", {}).get("startTime"):
            return await self._take_up(run)
        metadata = run["metadata"]
        started_uid = metadata.get("annotations", {}).get(STARTED_ANNOTATION)
        if started_uid and started_uid != metadata["uid"]:
            message = "restored from a backup of a run that had started; apply it under a new name to run it again"
            await self._settle(run, Standing("Failed", reasons.RESTORED, message))
            return None
        if run["spec"].get("cancel"):
            await self._settle(run, Standing("Cancelled", reasons.CANCELLED, "cancelled before it started"))
            return None
        try:
            definition = await gather(self._api, metadata["namespace"], run["spec"])
            await check_earlier(self._api, run)
            built = await _build(definition, self._allowed)
        except MissingReferencesError as missing:
            return await (self._hold(run) if run["spec"].get("suspend") else self._wait_for(run, missing.names))
        except InvalidSpecError as error:
            await self._settle(run, _invalid(error))
            return None
        self.forget((metadata["namespace"], metadata["name"]))
        if run["spec"].get("suspend"):
            return await self._hold(run)
        return await self._begin(run, definition, built)

    async def close(self, run: Json) -> Json:
        """Say of a run that is being deleted, and that something else still holds, that it does not run any more."""
        if run.get("status", {}).get("phase") in ("Succeeded", "Failed", "Cancelled"):
            return run
        message = "the run is being deleted: its tasks are stopped"
        return await self._write(run, Standing("Cancelled", reasons.DELETED, message))

    async def _begin(self, run: Json, gathered: Definition, built: _Built) -> ActiveRun | float:
        metadata, status = run["metadata"], run.get("status", {})
        namespace = metadata["namespace"]
        if STARTED_ANNOTATION not in metadata.get("annotations", {}):
            mark = {
                "resourceVersion": metadata["resourceVersion"],
                "annotations": {STARTED_ANNOTATION: metadata["uid"]},
            }
            run = await self._api.patch(PIPELINE_RUNS, namespace, metadata["name"], {"metadata": mark})
        store = await open_store(self._api, namespace, None)
        if run["spec"].get("artifactPolicy") == "Delete":
            try:  # before the first artifact: nothing else will tell, when the run is gone, that they go with it
                await store.put_mark(metadata["uid"], metadata["name"])
            except StoreError as error:
                return await self._wait(run, Standing("Pending", error.reason, error.message), _LOOK_AGAIN)
        try:
            wanted = replace(gathered, store=store.url)
            definition = await freeze(self._api, run, wanted)
        except RecordLostError:  # the predecessor's, which has just gone
            return _PREDECESSOR
        except FrozenElsewhereError as error:
            return await self._wait_for_name(run, str(error))
        except ApiError as error:
            if error.status != FORBIDDEN:
                raise
            refusal = refusal_of(error.status, error.message)
            message = f"the run's definition cannot be kept in a ConfigMap: {refusal.message}"
            return await self._wait(run, Standing("Pending", refusal.reason, message), _LOOK_AGAIN)
        if definition is not wanted:  # it was frozen before
            store = await open_store(self._api, namespace, definition.store)
            built = await _build(definition)
        now = utc_now()
        status = head_status(Standing("Running", "Running"), status, metadata["generation"], now, now)
        record = Record(self._api, run, now)  # it knows the version that our annotation made, too
        record.take(await patch_status(self._api, PIPELINE_RUNS, run, status | {"definitionDigest": definition.digest}))
        self._emit(record.object, "Normal", "Started", "the run started")
        return await self._activate(record, definition, built, store)

    async def _take_up(self, run: Json) -> ActiveRun | None:
        try:
            definition = await thaw(self._api, run)
            store = await open_store(self._api, run["metadata"]["namespace"], definition.store)
            record = Record(self._api, run, _started(run))
            active = await self._activate(record, definition, await _build(definition), store)
            await active.resume(utc_now())
        except RecordLostError as error:
            await self._settle(run, Standing("Failed", reasons.RECORD_LOST, str(error)))
            return None
        except InvalidSpecError as error:  # by another version of Levada, which knew less
            await self._settle(run, _invalid(error))
            return None
        return active

    async def _activate(self, record: Record, definition: Definition, built: _Built, store: RunStore) -> ActiveRun:
        graph, inputs = built
        pending = timedelta(seconds=seconds(definition.run.get("pendingTimeout", "1h")))
        earlier = await earlier_results(self._api, record.object)
        return ActiveRun(record, graph, inputs, self._settings, store, pending, self._tower, earlier)

    async def _hold(self, run: Json) -> float:
        """Nothing of a run that is suspended from the first is settled yet: not its definition, nor its start."""
        return await self._wait(run, Standing("Suspended", reasons.SUSPENDED, "held before its start"), _LOOK_AGAIN)

    async def _wait_for(self, run: Json, names: list[str]) -> float | None:
        metadata = run["metadata"]
        limit = timedelta(seconds=seconds(run["spec"].get("waitForReferences", "10m")))
        deadline = _waits_since(run) + limit
        left = (deadline - utc_now()).total_seconds()
        listed = ", ".join(names)
        if left <= 0:
            message = f"not found within {limit} (waitForReferences): {listed}"
            await self._settle(run, Standing("Failed", reasons.REFERENCE_NOT_FOUND, message))
            return None
        self._waiting[metadata["namespace"], metadata["name"]] = set(names)
        waiting = Standing("Pending", reasons.WAITING_FOR_REFERENCE, f"does not exist yet: {listed}")
        return await self._wait(run, waiting, min(left + 0.1, _LOOK_AGAIN))

    async def _wait_for_name(self, run: Json, message: str) -> float:
        """A predecessor's ConfigMap goes soon; of what stands in the way for longer somebody has to be told."""
        if utc_now() - datetime.fromisoformat(run["metadata"]["creationTimestamp"]) < _GOES_SOON:
            return _PREDECESSOR
        waiting = Standing("Pending", reasons.NAME_TAKEN, f"{message}; the run starts once that is removed")
        return await self._wait(run, waiting, _LOOK_AGAIN)

    async def _wait(self, run: Json, waiting: Standing, again: float) -> float:
        """Say what a run that cannot begin waits for, if that is news."""
        conditions = run.get("status", {}).get("conditions", [])
        if not any(old["type"] == "Succeeded" and old.get("message") == waiting.message for old in conditions):
            await self._write(run, waiting)
            self._emit(run, "Normal", waiting.reason, waiting.message)
        return again

    async def _settle(self, run: Json, verdict: Standing) -> None:
        """End a run that cannot begin, or go on."""
        self.forget((run["metadata"]["namespace"], run["metadata"]["name"]))
        await self._write(run, verdict)
        self._emit(run, "Warning", verdict.reason, verdict.message)

    async def _write(self, run: Json, verdict: Standing) -> Json:
        before = run.get("status", {})
        started = _started(run) if before.get("startTime") else None
        status = head_status(verdict, before, run["metadata"]["generation"], started, utc_now())
        if started and verdict.is_final:
            status |= stopped_tasks(before)
        return await patch_status(self._api, PIPELINE_RUNS, run, status)


async def _build(definition: Definition, allowed: Allowed | None = None) -> _Built:
    """The graph and the inputs; in a thread, for those of thousands of tasks take a second. Raises InvalidSpecError."""
    return await asyncio.to_thread(
        build_run, definition.run, definition.pipelines, definition.components, allowed=allowed
    )


def _waits_since(run: Json) -> datetime:
    """Since when a run has been trying to begin: its creation, or its resumption where it was suspended before that."""
    for condition in run.get("status", {}).get("conditions", []):
        if condition["type"] == "Reconciling":
            resumed = condition["status"] == "True"
            return datetime.fromisoformat(condition["lastTransitionTime"]) if resumed else utc_now()
    return datetime.fromisoformat(run["metadata"]["creationTimestamp"])


def _started(run: Json) -> datetime:
    return datetime.fromisoformat(run["status"]["startTime"])


def _invalid(error: InvalidSpecError) -> Standing:
    return Standing("Failed", reasons.INVALID_SPEC, "\n".join(str(mistake) for mistake in error.mistakes))
