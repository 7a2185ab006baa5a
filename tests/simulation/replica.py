"""The operator at work in one process: the real reconciler and the real watch, and what they hear of the world."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from invariants.history import Change, History, owners, tasks_of
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.kube.kept import UnreadableError
from levada.kube.reconciler import POD_LABELS, Reconciler
from levada.kube.resource import PODS
from levada.kube.runtime import Runtime
from levada.kube.strays import Strays
from levada.kube.watch import Watch
from levada.planner.podview import PodView
from simulation.api import CrashError, Process, Request, SimulatedApi, Trouble, is_selected, refused
from simulation.apiserver import ApiServer, Json
from simulation.kubelet import Kubelet
from simulation.world import World

RUNS = "pipelineruns"
LATENCY = 0.02
_MOST_FAILURES = 40
_STRAYS_AFTER = 40.0
"""Seconds until they are looked for: at once in the product, and here so late that nothing else is healed by it."""
_PASSING = (ApiError, ApiUnreachableError, NotLeaderError, UnreadableError)


@dataclass(frozen=True)
class Settings:
    agent_image: str = "levada"
    image_pull_policy: str = "IfNotPresent"
    pod_security: str = "baseline"
    run_as_user: int = 1
    run_as_group: int = 1
    allowed_service_accounts: tuple[str, ...] = ()
    allowed_secrets: tuple[str, ...] = ()
    agent_resources: Any = None
    image_rewrites: Any = ()
    task_env: Any = field(default_factory=dict)
    parallelism: int | None = None
    ttl_after_finished: Any = None
    pod_cleanup: str = "Never"
    sweep_every: timedelta = timedelta(minutes=10)


def is_told(server: ApiServer, history: History, pod: Json) -> bool:
    """Whether the status of its run tells of the attempt."""
    run = next((run for run in server.list(RUNS) if run["metadata"]["uid"] in owners(pod)), None)
    which = history.task_of(pod)
    task = tasks_of(run).get(which[1], {}) if run and which else {}
    return bool(which) and (task.get("attempts", 0) > which[2] or task.get("pod") == pod["metadata"]["name"])


class Leader:
    """What only the replica does that leads: from the first list of the Pods until it ends.

    Attributes
    ----------
    position
        How far in the API server's log the watch of Pods is.
    is_deaf
        The watch of Pods hears nothing.
    """

    def __init__(self, process: Process, api: SimulatedApi) -> None:
        self.world, self.server, self._api = process.world, process.server, api
        self.is_at_work = True
        self.is_deaf = False
        self.position = 0
        self.marked = asyncio.Event()
        self._queue: dict[tuple[str, str], None] = {}
        self._due: dict[tuple[str, str], float] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._to_list = True
        self._to_find_strays = False
        self._missed: list[Json] = []
        self._strays = Strays(api, (None,))
        self.watch = Watch(api, PodView, PODS, labels=POD_LABELS)
        runtime = Runtime(api, self.watch, self, self._enqueue)  # type: ignore[arg-type]
        self.reconciler = Reconciler(runtime, settings=Settings())
        self.watch.on_change = self.reconciler.pod_changed
        self.watch.on_listed = self.reconciler.pods_listed
        self.server.listeners.append(self._hear)

    def end(self) -> None:
        """Hear nothing any more."""
        if self.is_at_work:
            self.is_at_work = False
            self.server.listeners.remove(self._hear)
            self._forget()

    def missed(self, pod: Json) -> None:
        """Its object was removed by force: only this leader knows that it was there, until a status tells of it."""
        self._missed.append(pod)
        if self._to_list:
            self._forget()

    def _forget(self) -> None:
        untold = (pod for pod in self._missed if not is_told(self.server, self.world.history, pod))
        self.world.history.forgotten |= {pod["metadata"]["uid"] for pod in untold}

    def emit(self, about: Any, type_: str, reason: str, message: str) -> None:
        """As the recorder of Events."""
        metadata = {"name": f"{about.name}.{len(self.world.history.entries)}", "uid": f"event-{self.world.now}"}
        event = {"kind": "Event", "metadata": metadata, "type": type_, "reason": reason, "note": message}
        self.world.record(Change(self.world.now, event))

    async def work(self) -> bool:
        """Do one thing that waits; False when nothing does."""
        if self._to_list:
            try:
                await self.watch._list(None)
            except (ApiError, ApiUnreachableError):
                await self._api.process.pause(1.0)
                return True
            self.position = self._api.listed_at
            self._to_list = False
            self.relist()
            self.world.after(_STRAYS_AFTER, self._begin_to_find_strays, idle=True)
            return True
        if self._to_find_strays:
            with suppress(*_PASSING):
                again = await self._strays.look()
                self._to_find_strays = False
                if math.isfinite(again):
                    self.world.after(again, self._begin_to_find_strays, idle=True)
            return True
        if not self._queue:
            return False
        key = next(iter(self._queue))
        del self._queue[key]
        try:
            again = await self.reconciler.reconcile_run(*key)
        except Exception as error:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            self.world.note(f"    reconciliation failed: {error!r}")
            if failures > _MOST_FAILURES or not isinstance(error, _PASSING):
                raise
            with suppress(*_PASSING):
                await self.reconciler.failed(RUNS, *key, error, failures)
            self._enqueue(RUNS, *key, min(60.0, 0.5 * 2 ** min(failures, 10)))
        else:
            self._failures.pop(key, None)
            if again is not None:
                self._enqueue(RUNS, *key, again)
        return True

    # --- what it hears

    def relist(self) -> None:
        """The safety net: every run that is not what it was, or gone, is looked at."""
        if not self.is_at_work:
            return
        listed = {
            (run["metadata"]["namespace"], run["metadata"]["name"]): run["metadata"]["resourceVersion"]
            for run in self.server.list(RUNS)
        }
        for key in sorted(listed.keys() | self._known.keys()):
            if listed.get(key) != self._known.get(key):
                self._hint(*key, listed.get(key, ""))
        self._known = listed
        self.world.after(60.0, self.relist, idle=True)

    def _begin_to_find_strays(self) -> None:
        self._to_find_strays = True
        self.marked.set()

    def cut(self, seconds: float, behind: int) -> None:
        """The watch of Pods ends; later it begins again, `behind` events before where it was."""
        if not self.is_at_work:
            return
        self.is_deaf = True

        def listen() -> None:
            self.is_deaf = False
            self.position = max(0, self.position - behind)
            self._catch_up()

        self.world.after(seconds, listen)

    def lose_watch(self, seconds: float) -> None:
        """As `cut`, but everything is listed anew."""
        if not self.is_at_work:
            return
        self.is_deaf = True

        def list_again() -> None:
            self.is_deaf, self.position = False, len(self.server.log)
            items = {
                (item["metadata"]["namespace"], item["metadata"]["name"]): msgspec.convert(item, PodView)
                for item in self.server.list("pods")
                if is_selected(item)
            }
            self.watch._replace(None, items)

        self.world.after(seconds, list_again)

    def _hear(self, plural: str, old: Json | None, new: Json | None) -> None:
        if plural == "pods":
            self.world.soon(0.0, 0.3, self._catch_up)
        elif plural == RUNS and self.world.random.random() < 0.9:  # else the hint is lost
            metadata = (new or old or {})["metadata"]
            version = metadata["resourceVersion"] if new else ""
            self.world.soon(0.0, 1.0, lambda: self._hint(metadata["namespace"], metadata["name"], version))

    def _catch_up(self) -> None:
        if not self.is_at_work or self.is_deaf or self._to_list:
            return
        log = self.server.log
        while self.position < len(log):
            _, plural, old, new = log[self.position]
            self.position += 1
            if plural == "pods":
                self._apply(old, new)

    def _apply(self, old: Json | None, new: Json | None) -> None:
        was, is_ = bool(old and is_selected(old)), bool(new and is_selected(new))
        if was or is_:
            kind = "DELETED" if not is_ else "MODIFIED" if was else "ADDED"
            shown = new if is_ else old
            if new and not is_:  # a label taken off: the object as it was, with the version of the change
                version = new["metadata"]["resourceVersion"]
                shown = old | {"metadata": old["metadata"] | {"resourceVersion": version}}
            self.watch._apply(msgspec.json.encode({"type": kind, "object": shown}))

    def _hint(self, namespace: str, name: str, version: str) -> None:
        if self.is_at_work and self.reconciler.object_changed(RUNS, namespace, name, version):
            self._mark((namespace, name))

    def _enqueue(self, kind: str, namespace: str, name: str, seconds: float) -> None:
        key = (namespace, name)
        if not seconds:
            self._mark(key)
            return
        due = self.world.now + seconds
        if (known := self._due.get(key)) is not None and known <= due:
            return
        self._due[key] = due

        def fire() -> None:
            if self._due.get(key) == due and self.is_at_work:
                del self._due[key]
                self._mark(key)

        self.world.after(seconds, fire, idle=True)

    def _mark(self, key: tuple[str, str]) -> None:
        self._queue[key] = None
        self.marked.set()


class Replica:
    """The process of an operator that is alone and knows of no lease: time stands still but while it sends."""

    def __init__(self, world: World, server: ApiServer, kubelet: Kubelet, trouble: Trouble) -> None:
        self.world, self.server, self.kubelet, self.trouble = world, server, kubelet, trouble
        self.is_alive = True
        self.leader = Leader(self, SimulatedApi(self))

    def check_alive(self) -> None:
        if not self.is_alive:
            raise CrashError

    def crash(self) -> None:
        self.world.note("*** the operator crashes")
        self.is_alive = False
        self.leader.end()
        raise CrashError

    async def work(self) -> bool:
        """Do one thing that waits; False when nothing does."""
        return await self.leader.work()

    async def pause(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    async def send(self, request: Request) -> Any:
        world = self.world
        await asyncio.sleep(0)  # what is sent side by side may arrive in any order
        self.check_alive()
        told, fault = self.trouble.next(request)
        world.note(told + (f" ({fault})" if fault else ""))
        world.pass_time(world.random.uniform(0, LATENCY))
        self.check_alive()
        if fault == "crash before":
            self.crash()
        refused(fault)
        try:
            answer = request.act()
        except ApiError as error:
            world.note(f"{told}: {error}")
            answer = error
        if fault == "crash after":
            self.crash()
        if fault == "no answer":
            raise ApiUnreachableError("no answer")
        world.pass_time(world.random.uniform(0, LATENCY))
        self.check_alive()
        if isinstance(answer, ApiError):
            raise answer
        return answer
