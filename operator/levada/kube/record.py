"""What is kept of a run in the API server: written while it runs, read back by whoever goes on with it.

Order of writes: bulky outputs (ConfigMap), then the status that names them.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from levada.api.limits import MOST_BYTES
from levada.kube import bulky
from levada.kube.client import Api, Json
from levada.kube.errors import ApiError
from levada.kube.kept import reading, rows_of
from levada.kube.resource import PIPELINE_RUNS, Resource
from levada.kube.task_pods import CONFLICT, FORBIDDEN, NOT_FOUND
from levada.planner.encoding import node_of
from levada.planner.refusal import refusal_of
from levada.planner.run import Run
from levada.planner.status import Shards, Standing, head_status, standing, tasks_status

DEBOUNCE = 0.2
"""Seconds between two status writes of one run, at least."""
_LONGEST_DEBOUNCE = 5.0
_SHARE = 2
"""A status of thousands of tasks takes the API server seconds: at most every second one goes there."""
_REMEMBERED = 64
"""Versions of the run that are told from others' changes: those of the last ten seconds, at least."""
_REST = 200_000
"""Bytes of the object besides what its author gave and what its status says of tasks: conditions, outputs, names."""
_REFUSED = 5.0
"""Seconds until a ConfigMap that was refused is tried again."""


class StaleObjectError(RuntimeError):
    """The object changed under us: read it again and go on."""


@dataclass(slots=True)
class Record:
    """The record of one run.

    Attributes
    ----------
    object
        The PipelineRun as last read or written; see `take`.
    started
        Since when it runs.
    """

    api: Api
    object: Json
    started: datetime
    _versions: deque[str] = field(init=False)
    _shards: Shards = field(default_factory=Shards)
    _written_at: float = field(init=False)
    _pause: float = DEBOUNCE
    _written: Standing | None = None

    def __post_init__(self) -> None:
        self._written_at = time.monotonic()  # whoever begins a run, or takes it up, has just written or read its status
        self._versions = deque([self.object["metadata"]["resourceVersion"]], _REMEMBERED)
        given = {key: part for key, part in self.object.items() if key != "status"}
        self._shards.room = MOST_BYTES - _REST - len(msgspec.json.encode(given))

    def take(self, run: Json) -> None:
        """Go on with the PipelineRun as it has just been read or written."""
        self.object = run
        self._versions.append(run["metadata"]["resourceVersion"])

    def knows(self, version: str) -> bool:
        """Whether the PipelineRun was read or written here in that very version: an event that tells it is no news."""
        return version in self._versions

    @property
    def due_in(self) -> float:
        """Seconds until a status may be written again, or some of them where that is long."""
        return max(0.0, min(self._pause, DEBOUNCE) - (time.monotonic() - self._written_at))

    async def restore(self, run: Run, now: datetime) -> None:
        """Take what was recorded before a restart over into `run`.

        Raises
        ------
        RecordLostError
            When a ConfigMap with a part of it is gone.
        UnreadableError
            When something of it makes no sense.
        """
        status = self.object.get("status", {})
        self._shards.names = list(status.get("outputsConfigMaps", []))
        shards = [await bulky.read(self.api, self.object, name) for name in self._shards.names]
        rows = rows_of(status)
        with reading("what is kept of the run's tasks"):  # it may be there and not fit together
            for row in rows:
                like = run.nodes.get(row.path)
                if like is None:
                    continue
                outputs = shards[row.shard][row.path] if row.shard is not None else row.outputs or {}
                if row.shard is not None:
                    self._shards.of[row.path] = row.shard
                run.restore(row.path, node_of(row, like, outputs), now)
        run.mark_recorded(run.version)

    async def write(self, run: Run, now: datetime, *, force: bool = False) -> float | None:
        """Write the status if there is something new and it is time. Returns the seconds until it is time."""
        verdict = standing(run)
        if self._written == verdict and self._is_generation_written and run.version == run.recorded:
            return None
        since = time.monotonic() - self._written_at
        if not force and not verdict.is_final and since < self._pause:
            return self._pause - since
        version = run.version
        try:
            await bulky.place(self.api, self.object, self._shards, run)
        except ApiError as error:
            if error.status != FORBIDDEN:
                raise
            await self._write_refusal(error, now)
            return _REFUSED
        began = time.monotonic()
        tasks = tasks_status(run, self._shards)
        await self._write(self._shards.told(verdict), now, tasks)
        run.mark_recorded(version)
        self._written, self._written_at = verdict, time.monotonic()
        self._pause = max(DEBOUNCE, min((_SHARE - 1) * (self._written_at - began), _LONGEST_DEBOUNCE))
        return None

    @property
    def _is_generation_written(self) -> bool:
        """Whether the status answers to the latest spec: who waits for it compares `observedGeneration`."""
        generation = self.object["metadata"].get("generation", 0)
        return bool(self.object.get("status", {}).get("observedGeneration") == generation)

    async def _write_refusal(self, error: ApiError, now: datetime) -> None:
        """Say why results cannot be kept; they stay with their Pods, and nothing goes on, until they can."""
        refusal = refusal_of(error.status, error.message)
        verdict = Standing("Running", refusal.reason, f"outputs cannot be kept in a ConfigMap: {refusal.message}")
        if self._written != verdict:
            await self._write(verdict, now, {})
            self._written, self._written_at = verdict, time.monotonic()

    async def _write(self, verdict: Standing, now: datetime, tasks: Json) -> None:
        generation = int(self.object["metadata"].get("generation", 0))
        status = head_status(verdict, self.object.get("status", {}), generation, self.started, now)
        self.take(await patch_status(self.api, PIPELINE_RUNS, self.object, status | tasks))


async def patch_status(api: Api, resource: Resource, found: Json, status: Json) -> Json:
    """Write an object's status, only if it is still the object that we read; returns it as it stands now.

    Raises
    ------
    StaleObjectError
        When it was changed or replaced meanwhile.
    """
    metadata = found["metadata"]
    body = {"metadata": {"resourceVersion": metadata["resourceVersion"], "uid": metadata["uid"]}, "status": status}
    try:
        return await api.patch(resource, metadata["namespace"], metadata["name"], body, subresource="status")
    except ApiError as error:
        if error.status in (CONFLICT, NOT_FOUND):
            raise StaleObjectError(str(error)) from error
        raise
