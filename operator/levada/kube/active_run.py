"""One run at work: what is seen of its Pods goes into the planner, what the planner wants goes to the API server.

Order of writes: bulky outputs (ConfigMap), status, finalizer. A Pod is let go only once its result is recorded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from levada.graph.model import Datum, Graph
from levada.kube import bulky, task_pods
from levada.kube.client import Api, Json
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.kept_log import keep_log
from levada.kube.resource import PIPELINE_RUNS
from levada.kube.task_pods import CONFLICT
from levada.planner import reasons
from levada.planner.attempt import Failure, ManifestNeeded, Waiting
from levada.planner.encoding import decode_rows, leaf_of
from levada.planner.handoff import Manifest
from levada.planner.locations import attempt_root, log_uri
from levada.planner.names import ATTEMPT_ANNOTATION, RESULT_FINALIZER, TASK_ANNOTATION, pod_name
from levada.planner.nodes import Leaf
from levada.planner.pod import RunIdentity, build_pod
from levada.planner.podview import PodView
from levada.planner.refusal import Refusal
from levada.planner.run import Run, Start
from levada.planner.settings import PodSettings
from levada.planner.sighting import MAIN, is_dead, sight
from levada.planner.status import Shards, Standing, head_status, standing, tasks_status
from levada.store.config import StoreConfig
from levada.store.errors import StoreError
from levada.store.stores import Stores

_log = logging.getLogger(__name__)

DEBOUNCE = 0.2
"""Seconds between two status writes of one run."""
LOST_GRACE = timedelta(seconds=30)
"""How long a Pod that vanished is thought to run on when its own grace is not known."""
STOP_GRACE = 30
RETRY_FIRST, RETRY_LONGEST = timedelta(seconds=1), timedelta(seconds=30)
"""First and longest wait before a Pod that was refused is tried again."""


class StaleRunError(RuntimeError):
    """The run changed under us: read it again and go on."""


@dataclass(slots=True)
class ActiveRun:
    """The state of one unfinished run while this replica leads; all of it can be built anew from the API server.

    Attributes
    ----------
    run
        The planner's view.
    pods
        The run's Pods by name, as last seen.
    vanished
        Until when the containers of Pods whose objects are gone may still run.
    """

    api: Api
    object: Json
    graph: Graph
    inputs: Mapping[str, Datum]
    settings: PodSettings
    store: StoreConfig | None
    started: datetime
    pending_timeout: timedelta
    run: Run = field(init=False)
    pods: dict[str, PodView] = field(default_factory=dict)
    vanished: dict[str, datetime] = field(default_factory=dict)
    _live: dict[str, tuple[Leaf, int]] = field(default_factory=dict)
    _pending_since: dict[str, datetime] = field(default_factory=dict)
    _manifests: dict[str, Manifest] = field(default_factory=dict)
    _shards: Shards = field(default_factory=Shards)
    _written_at: float = 0.0
    _written: Standing | None = None

    def __post_init__(self) -> None:
        self.run = Run(self.graph, self.inputs)

    @property
    def uid(self) -> str:
        """The run's UID."""
        return str(self.object["metadata"]["uid"])

    async def resume(self, now: datetime) -> None:
        """Take over what the status recorded before a restart."""
        status = self.object.get("status", {})
        self._shards.names = list(status.get("outputsConfigMaps", []))
        shards = [await bulky.read(self.api, self.object, name) for name in self._shards.names]
        for row in decode_rows(status.get("taskStates", "")):
            like = self.run.leaves.get(row.path)
            if like is None:
                continue
            outputs = shards[row.shard][row.path] if row.shard is not None else row.outputs or {}
            if row.shard is not None:
                self._shards.of[row.path] = row.shard
            self.run.restore(row.path, leaf_of(row, like, outputs), now)
        self.run.mark_recorded(self.run.version)
        for leaf in self.run.leaves.values():
            if leaf.is_started and not leaf.phase.is_final:
                self._live[self._pod_name(leaf)] = (leaf, leaf.attempt)

    async def step(self, changed: set[str], now: datetime) -> float | None:
        """Bring the run forward. Returns the seconds after which to look again, if it is to be looked at by itself."""
        waits: list[float] = []
        for name in changed | {name for name in self._live if name not in self.pods}:
            waits += await self._see(name, now)
        waits += self._pending_deadlines(now)
        plan = self.run.plan(now)
        if plan.flush:
            await self.record(now, force=True)
            plan = self.run.plan(now)
        retries = await asyncio.gather(*(self._start(start, now) for start in plan.starts))
        waits += [seconds for seconds in retries if seconds is not None]
        for leaf in plan.stops:
            await self._stop(leaf)
        if wait := await self.record(now):
            waits.append(wait)
        await self._release_recorded()
        if plan.wake:
            waits.append((plan.wake - now).total_seconds())
        return max(0.01, min(waits)) if waits else None

    async def record(self, now: datetime, *, force: bool = False) -> float | None:
        """Write the status if there is something new and it is time. Returns the seconds until it is time."""
        verdict = standing(self.run)
        if self._written == verdict and self.run.version == self.run.recorded:
            return None
        since = time.monotonic() - self._written_at
        if not force and not verdict.is_final and since < DEBOUNCE:
            return DEBOUNCE - since
        version = self.run.version
        await bulky.place(self.api, self.object, self._shards, self.run)
        status = head_status(verdict, self.object.get("status", {}), self._generation, self.started, now)
        await self.write_status(status | tasks_status(self.run, self._shards))
        self.run.mark_recorded(version)
        self._written, self._written_at = verdict, time.monotonic()
        return None

    async def write_status(self, status: Json) -> None:
        """One write, only if the run is still as we know it."""
        self.object = await patch_status(self.api, self.object, status)

    @property
    def _generation(self) -> int:
        return int(self.object["metadata"].get("generation", 0))

    @property
    def _identity(self) -> RunIdentity:
        metadata = self.object["metadata"]
        return RunIdentity(metadata["name"], metadata["namespace"], self.uid, self.store.url if self.store else None)

    def _pod_name(self, leaf: Leaf) -> str:
        return pod_name(self.object["metadata"]["name"], self.uid, leaf.path, leaf.attempt)

    async def _see(self, name: str, now: datetime) -> list[float]:
        pod = self.pods.get(name)
        if pod is None:
            return await self._look_for(name, now) if name in self._live else []
        self.vanished.pop(name, None)
        path = pod.metadata.annotations.get(TASK_ANNOTATION, "")
        attempt = int(pod.metadata.annotations.get(ATTEMPT_ANNOTATION, "-1"))
        leaf = self.run.leaves.get(path)
        if leaf is None or attempt != leaf.attempt or leaf.phase.is_final or not task_pods.is_ours(pod, self.uid):
            return []
        if name not in self._live and name != self._pod_name(leaf):
            return []  # somebody else's Pod under our label
        self._live[name] = (leaf, attempt)
        leaf.pod = name
        since = pod.metadata.creation_timestamp or now
        deadline = since + self.pending_timeout
        sighting = sight(
            pod, leaf.component, self._manifests.get(name), pending_since=since, deadline=deadline, now=now
        )
        if isinstance(sighting, ManifestNeeded):
            from levada.store.manifest import read_manifest  # noqa: PLC0415

            root = attempt_root(self.store.url if self.store else "", *self._place(path), attempt)
            self._manifests[name] = await asyncio.to_thread(read_manifest, Stores(self.store), root, sighting.digest)
            return await self._see(name, now)
        self.run.observe(path, attempt, sighting, now, dead=is_dead(pod))
        if leaf.phase.is_final or leaf.attempt != attempt:
            self._live.pop(name, None)
        return []

    def _place(self, path: str) -> tuple[str, str, str]:
        return self.object["metadata"]["namespace"], self.uid, path

    def _pending_deadlines(self, now: datetime) -> list[float]:
        """When the first of the Pods that wait to start has waited too long; its status may never change again."""
        waits = []
        for name, (leaf, _) in self._live.items():
            pod = self.pods.get(name)
            if pod and leaf.phase == "Pending" and pod.metadata.creation_timestamp and not leaf.doom:
                left = (pod.metadata.creation_timestamp + self.pending_timeout - now).total_seconds()
                waits.append(max(left, 1.0))
        return waits

    async def _look_for(self, name: str, now: datetime) -> list[float]:
        """A Pod that is expected and not in the watch: ask, and only then conclude that it is gone."""
        leaf, attempt = self._live[name]
        pod = await task_pods.find(self.api, self.object["metadata"]["namespace"], name)
        if pod is not None:
            self.pods[name] = pod
            return await self._see(name, now)
        dead_at = self.vanished.setdefault(name, now + LOST_GRACE)
        if now < dead_at:
            return [(dead_at - now).total_seconds()]
        del self._live[name], self.vanished[name]
        lost = Failure(reasons.POD_LOST, "its Pod was removed by force before its result was known")
        self.run.observe(leaf.path, attempt, lost, now, dead=True)
        return []

    async def _start(self, start: Start, now: datetime) -> float | None:
        """Create the attempt's Pod. Returns the seconds after which to look again, unless the Pod will tell."""
        leaf, template = start.leaf, start.leaf.task.pod
        built = build_pod(
            self._identity, leaf.path, start.attempt, leaf.component, start.inputs, template, self.settings
        )
        if isinstance(built, Failure):
            self.run.observe(leaf.path, start.attempt, built, now)
            return 0.0
        name = built["metadata"]["name"]
        since = self._pending_since.setdefault(name, now)
        try:
            created = await task_pods.create(self.api, built)
        except (ApiError, ApiUnreachableError) as error:
            created = Refusal("ApiError", str(error))
        if isinstance(created, PodView):
            self.pods[name] = created
            self._live[name] = (leaf, start.attempt)
            leaf.pod = name
            self.run.observe(leaf.path, start.attempt, Waiting(), now)
            return None
        left = since + self.pending_timeout - now
        if created.is_lasting or left <= timedelta():
            reason = created.reason if created.is_lasting else reasons.PENDING_TIMEOUT
            self.run.observe(leaf.path, start.attempt, Failure(reason, created.message), now)
            return 0.0
        pause = min(RETRY_FIRST + (now - since), RETRY_LONGEST, left)
        self.run.refuse(leaf.path, created.reason, created.message, now + pause)
        return pause.total_seconds()

    async def _stop(self, leaf: Leaf) -> None:
        pod = self.pods.get(self._pod_name(leaf))
        if pod and not pod.metadata.deletion_timestamp:
            await task_pods.delete(self.api, pod, STOP_GRACE)

    async def _keep_log(self, pod: PodView, path: str, attempt: int) -> None:
        """Put the end of a failed attempt's log into the store, where it outlives the Pod; best effort."""
        main = pod.container(MAIN)
        ended = main.state.terminated if main else None
        if not (self.store and ended and ended.exit_code) or not self.run.leaves[path].component.log_tail:
            return
        uri = log_uri(attempt_root(self.store.url, *self._place(path), attempt))
        try:
            await keep_log(self.api, Stores(self.store), pod.metadata.namespace, pod.metadata.name, uri)
        except (ApiError, ApiUnreachableError, StoreError) as error:
            _log.warning("the log of %s is not kept: %s", path, error)

    async def _release_recorded(self) -> None:
        held = [pod for pod in self.pods.values() if RESULT_FINALIZER in pod.metadata.finalizers and is_dead(pod)]
        for pod in held:
            path = pod.metadata.annotations.get(TASK_ANNOTATION, "")
            attempt = int(pod.metadata.annotations.get(ATTEMPT_ANNOTATION, "-1"))
            if self.run.is_recorded(path, attempt):
                await self._keep_log(pod, path, attempt)
                await task_pods.release(self.api, pod)
                finalizers = [name for name in pod.metadata.finalizers if name != RESULT_FINALIZER]
                metadata = msgspec.structs.replace(pod.metadata, finalizers=finalizers)
                self.pods[pod.metadata.name] = msgspec.structs.replace(pod, metadata=metadata)


async def patch_status(api: Api, run: Json, status: Json) -> Json:
    """Write a run's status, only if it is still the object that we read; returns it as it stands now.

    Raises
    ------
    StaleRunError
        When it was changed or replaced meanwhile.
    """
    metadata = run["metadata"]
    body = {"metadata": {"resourceVersion": metadata["resourceVersion"], "uid": metadata["uid"]}, "status": status}
    try:
        return await api.patch(PIPELINE_RUNS, metadata["namespace"], metadata["name"], body, subresource="status")
    except ApiError as error:
        if error.status in (CONFLICT, task_pods.NOT_FOUND):
            raise StaleRunError(str(error)) from error
        raise


def utc_now() -> datetime:
    """The time, aware and in UTC, as everything that is compared with the API server's times must be."""
    return datetime.now(UTC)
