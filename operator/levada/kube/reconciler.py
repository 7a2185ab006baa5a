"""What happens to an object that was marked: runs are started, brought forward and cleaned up after."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from functools import partial
from typing import Any, NamedTuple, Protocol, get_args

from levada.api.status import RunPhase
from levada.frontend.pod_template import Allowed
from levada.kube import metrics, task_pods
from levada.kube.active_run import ActiveRun
from levada.kube.answers import Tower
from levada.kube.client import Json
from levada.kube.clock import utc_now
from levada.kube.definition_status import Definitions
from levada.kube.errors import ApiError
from levada.kube.events import ObjectRef
from levada.kube.opening import Opening
from levada.kube.record import StaleObjectError
from levada.kube.resource import COMPONENTS, PIPELINE_RUNS, PIPELINES
from levada.kube.retention import Retention
from levada.kube.run_pods import RunPods
from levada.kube.runtime import Runtime
from levada.kube.sharing import Sharing
from levada.kube.trouble import Trouble
from levada.planner.names import RUN_LABEL, Key
from levada.planner.nodes import Phase
from levada.planner.podview import PodView
from levada.planner.retention import FINAL, is_over
from levada.planner.settings import PodSettings
from levada.planner.sighting import is_dead, is_outstayed

Pod = PodView
POD_LABELS = RUN_LABEL

_log = logging.getLogger(__name__)


_SOON = 0.05
"""Seconds until a run that was just ended, or changed under us, is looked at again."""


class Settings(Protocol):
    """What of the operator's settings matters here."""

    agent_image: str
    image_pull_policy: Any
    pod_security: Any
    run_as_user: int
    run_as_group: int
    allowed_service_accounts: tuple[str, ...]
    allowed_secrets: tuple[str, ...]
    agent_resources: Any
    parallelism: int | None
    image_rewrites: Any
    task_env: Any


class Reconciler:
    """Knows the active runs; made anew whenever this replica begins to lead."""

    def __init__(self, runtime: Runtime, *, settings: Any) -> None:
        self._runtime = runtime
        self._api = runtime.api
        allowed = Allowed(frozenset(settings.allowed_service_accounts), frozenset(settings.allowed_secrets))
        self._opening = Opening(runtime.api, self._emit, allowed, _pod_settings(settings, allowed), Tower(self._wake))
        self._definitions = Definitions(runtime)
        self._trouble = Trouble(runtime.api, self._emit)
        self._active: dict[Key, ActiveRun] = {}
        self._sharing = Sharing(settings.parallelism, self._active)
        self._pods = RunPods(runtime.api, self._active, self._sharing)
        self._seen: dict[Key, _Seen] = {}
        self._hinted: dict[Key, set[str]] = {}
        self._retention = Retention(runtime, self._pods.of, settings)
        metrics.count_by_phase(metrics.RUNS, get_args(RunPhase), self._runs_by_phase)
        metrics.count_by_phase(metrics.TASKS, Phase, self._tasks_by_phase)

    async def run(self) -> None:
        """Remove what may go, beside the reconciliations, until cancelled."""
        await self._retention.run()

    def pod_changed(self, old: PodView | None, new: PodView | None) -> None:
        """Note what the watch saw and mark the run, if that is news to it."""
        if key := self._pods.saw(old, new):
            pod = new or old
            assert pod is not None
            self._runtime.enqueue(PIPELINE_RUNS.plural, *key, self._pods.patience(key, pod.metadata.name))

    def pods_listed(self, namespace: str | None, shown: Collection[tuple[str, str]]) -> None:
        """Note which Pods a list of the watch showed and mark the runs that have more."""
        for key in self._pods.listed(namespace, shown):
            self._wake(*key)

    def object_changed(self, kind: str, namespace: str, name: str, version: str) -> bool:
        """Note that an object may have changed. Whether that is news; then it is read anew when it is reconciled."""
        self._retention.object_changed(kind, namespace, name)
        if kind == PIPELINE_RUNS.plural:
            key = Key(namespace, name)
            if self._knows(key, version):
                return False  # the echo of our own write
            self._hinted.setdefault(key, set()).add(version)
            return True
        return not self._definitions.knows(kind, namespace, name, version)

    async def reconcile_definition(self, kind: str, namespace: str, name: str) -> float | None:
        """Check a Component or Pipeline, and wake the runs that wait for it."""
        for run in self._opening.waiting_for(namespace, f"{kind[:-1].capitalize()}/{name}"):
            self._wake(namespace, run)
        return await self._definitions.reconcile(kind, namespace, name)

    async def reconcile_run(self, namespace: str, name: str) -> float | None:
        """Bring one run forward; a run that is gone has its Pods cleaned up."""
        key = Key(namespace, name)
        try:
            return await self._bring_forward(key)
        except StaleObjectError:
            self._drop(key)
            return _SOON
        except BaseException:
            self._drop(key)  # built anew from the API server, whatever was half done
            raise
        finally:
            for other in self._sharing.next_ones():
                self._wake(*other)

    async def failed(self, kind: str, namespace: str, name: str, error: Exception, failures: int) -> None:
        """Tell, where it is at fault, of an object that could not be reconciled so many times in a row."""
        resource = next(known for known in (PIPELINE_RUNS, PIPELINES, COMPONENTS) if known.plural == kind)
        await self._trouble.tell(resource, Key(namespace, name), error, failures)

    async def _bring_forward(self, key: Key) -> float | None:
        changed = self._pods.take_changed(key)
        hinted = self._hinted.pop(key, set())
        await self._pods.bring_back(key)
        active = self._active.get(key)
        is_known = all(self._knows(key, version) for version in hinted)
        if active is None and hinted and is_known and not changed:
            return None  # the echo of its end came before the answer
        if active is None or not is_known:
            run = await self._get(key)
            known, active = active, await self._take(key, run)
            if active is None:
                return await self._clean_up(key, run)
            if active is not known:
                changed = set(self._pods.of.get(key, ()))
        active.pods, active.lingering = self._pods.of.setdefault(key, {}), self._pods.lingering[key]
        await self._clear_away(active, changed)
        wait = await active.step(changed, utc_now(), partial(self._sharing.room, key))
        for leaf in active.news():
            text = f"{leaf.path}: {leaf.reason}: {leaf.message}"
            self._emit(active.record.object, "Warning", "TaskFailed", text, leaf.path)
        for text in active.hearing.puzzles():
            self._emit(active.record.object, "Warning", "UnknownApproval", text)
        if active.run.is_final and active.run.version == active.run.recorded:
            self._finish(key, active)
            return await self._clean_up(key, active.record.object)
        return wait

    async def _take(self, key: Key, run: Json | None) -> ActiveRun | None:
        """The active run, `run` being how the API server has it now; None when there is nothing (more) to run."""
        self._retention.run_seen(key, run, utc_now())
        active = self._active.get(key)
        if run is not None and run["metadata"].get("deletionTimestamp"):
            run = await self._opening.close(run)
            self._forget(key, run)
            return None
        if run is None or is_over(run):
            self._forget(key, run)
            return None
        if active and active.identity.uid == run["metadata"]["uid"]:
            active.record.take(run)
            return active
        self._drop(key)
        self._pods.take_up(key)
        opened = await self._opening.open(run)
        if isinstance(opened, ActiveRun):
            self._active[key] = opened
            return opened
        self._runtime.enqueue(PIPELINE_RUNS.plural, *key, _SOON if opened is None else opened)
        return None

    def _finish(self, key: Key, active: ActiveRun) -> None:
        status = active.record.object["status"]
        ended = next(item for item in status["conditions"] if item["type"] == "Succeeded")
        kind = "Normal" if status["phase"] == "Succeeded" else "Warning"
        self._emit(active.record.object, kind, ended["reason"], ended["message"])
        self._retention.run_seen(key, active.record.object, utc_now())
        self._forget(key, active.record.object)

    async def _clean_up(self, key: Key, run: Json | None) -> float | None:
        """Let go of the Pods of a run that is over, deleted or another one: stop what lives, release what is dead."""
        over = run is None or bool(run["metadata"].get("deletionTimestamp")) or is_over(run)
        pods = self._pods.of.get(key, {})
        for pod in list(pods.values()):
            if over or run is None or not task_pods.is_ours(pod, run["metadata"]["uid"]):
                await self._part_with(pod, pods, run)
        if over:
            self._pods.settle(key)
        return None

    async def _clear_away(self, active: ActiveRun, changed: Collection[str]) -> None:
        """Let go of the Pods that an earlier run of that name has left, beside the one at work."""
        run = active.record.object
        for name in changed:
            pod = active.pods.get(name)
            if pod and not active.is_ours(pod) and not task_pods.is_named_by(pod, run):
                await self._part_with(pod, active.pods, run)

    async def _part_with(self, pod: PodView, pods: dict[str, PodView], run: Json | None) -> None:
        """Stop a Pod that is at work for no run, if it lives, and release it once it is dead; a stranger's is left."""
        is_held, is_nobodys = task_pods.is_held(pod), task_pods.is_nobodys(pod, run)
        if not is_held and not is_nobodys:
            return
        if is_outstayed(pod) and not is_nobodys:
            await task_pods.clear(self._api, pod)
        elif (is_nobodys or not is_dead(pod)) and not pod.metadata.deletion_timestamp:
            await task_pods.delete(self._api, pod)
        if is_held and is_dead(pod):
            await task_pods.release(self._api, pod, pods)

    async def _get(self, key: Key) -> Json | None:
        try:
            return await self._api.get(PIPELINE_RUNS, *key)
        except ApiError as error:
            if error.status == task_pods.NOT_FOUND:
                return None
            raise

    def _wake(self, namespace: str, run: str) -> None:
        self._runtime.enqueue(PIPELINE_RUNS.plural, namespace, run, 0)

    def _drop(self, key: Key) -> None:
        """The run is not at work any more; it may be taken up anew."""
        if active := self._active.pop(key, None):
            active.answers.leave()

    def _forget(self, key: Key, run: Json | None) -> None:
        self._drop(key)
        self._opening.forget(key)
        self._sharing.forget(key)
        if run is None:
            self._seen.pop(key, None)
        else:
            self._seen[key] = _Seen.of(run)

    def _knows(self, key: Key, version: str) -> bool:
        """Whether an event that tells of that version of a run is no news."""
        if active := self._active.get(key):
            return active.record.knows(version)
        seen = self._seen.get(key)
        return seen is not None and seen.phase in FINAL and seen.version == version

    def _runs_by_phase(self) -> Counter[str]:
        at_work = {key: _Seen.of(active.record.object) for key, active in self._active.items()}
        return Counter(seen.phase for seen in (self._seen | at_work).values())

    def _tasks_by_phase(self) -> Counter[str]:
        tasks: Counter[str] = Counter()
        for active in self._active.values():
            tasks.update({str(phase): count for phase, count in active.run.counts.items()})
        return tasks

    def _emit(self, run: Json, kind: Any, reason: str, message: str, task: str = "") -> None:
        """Post an Event about the run, and log the same."""
        _log.log(logging.INFO if kind == "Normal" else logging.WARNING, "%s: %s", reason, message, extra={"task": task})
        metadata = run["metadata"]
        about = ObjectRef(run["apiVersion"], run["kind"], metadata["namespace"], metadata["name"], metadata["uid"])
        self._runtime.recorder.emit(about, kind, reason, message)


class _Seen(NamedTuple):
    """A run as it was last read or written, whatever became of it since."""

    phase: str
    version: str

    @classmethod
    def of(cls, run: Json) -> _Seen:
        return cls(run.get("status", {}).get("phase") or "Pending", run["metadata"]["resourceVersion"])


def _pod_settings(settings: Settings, allowed: Allowed) -> PodSettings:
    chosen: dict[str, Any] = {"agent_resources": settings.agent_resources} if settings.agent_resources else {}
    return PodSettings(
        settings.agent_image,
        settings.image_pull_policy,
        settings.pod_security == "restricted",
        settings.run_as_user,
        settings.run_as_group,
        allowed=allowed,
        image_rewrites=settings.image_rewrites,
        task_env=settings.task_env,
        **chosen,
    )
