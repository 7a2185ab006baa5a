"""One replica of the operator: the real reconciler and the real watch, on requests that may fail at any place."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import msgspec

from invariants.history import Change
from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.kept import UnreadableError
from levada.kube.reconciler import POD_LABELS, Reconciler
from levada.kube.resource import PODS, Resource
from levada.kube.run_store import RunStore
from levada.kube.runtime import Runtime
from levada.kube.watch import Watch
from levada.planner.handoff import Manifest
from levada.planner.pod import RunIdentity
from levada.planner.podview import PodView
from levada.store.errors import StoreUnavailableError
from simulation.apiserver import ApiServer, Json
from simulation.kubelet import Kubelet
from simulation.world import World

RUNS = "pipelineruns"
_LATENCY = 0.02
_MOST_FAILURES = 40


class CrashError(BaseException):
    """The replica is killed."""


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


@dataclass
class Trouble:
    """What goes wrong with requests: by number since the history began, and the store for as long as it is away.

    `sent` counts the requests by verb and resource.
    """

    requests: Mapping[int, str] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    store_until: float = 0.0

    @property
    def count(self) -> int:
        return self.sent.total()


class SimulatedApi(Api):
    """The API server as one replica reaches it."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    async def get(self, resource: Resource, namespace: str | None, name: str, *, urgent: bool = False) -> Json:
        server = self._replica.server
        return await self._send("get", resource, name, lambda: server.get(resource.plural, str(namespace), name))

    async def get_as(self, type_: Any, resource: Resource, namespace: str | None, name: str) -> Any:
        return msgspec.convert(await self.get(resource, namespace, name), type_)

    async def list(self, type_: Any, resource: Resource, namespace: str | None = None, **selectors: Any) -> Any:
        return await self._send("list", resource, "", list)  # only Events of Pods are asked for

    async def list_raw(self, resource: Resource, namespace: str | None = None, **selectors: Any) -> Any:
        """The Pods; the watch goes on after what was listed."""
        replica = self._replica

        def act() -> Any:
            replica.position = len(replica.server.log)
            items = [item for item in replica.server.list(resource.plural) if _selected(item)]
            return [msgspec.Raw(msgspec.json.encode(item)) for item in items], str(replica.server.version)

        return await self._send("list", resource, "", act)

    async def create(self, resource: Resource, namespace: str | None, body: Any, *, urgent: bool = False) -> Json:
        server, name = self._replica.server, body["metadata"]["name"]
        return await self._send("create", resource, name, lambda: server.create(resource.plural, str(namespace), body))

    async def patch(self, resource: Resource, namespace: str | None, name: str, body: Any, **more: Any) -> Json:
        def act() -> Json:
            kind, status = more.get("kind", "merge"), more.get("subresource") == "status"
            if status:  # or a replica that was stopped for long would overwrite what another wrote
                assert {"uid", "resourceVersion"} <= body["metadata"].keys(), "a status is written without its version"
            return self._replica.server.patch(resource.plural, str(namespace), name, body, kind=kind, status=status)

        verb = "patch status of" if more.get("subresource") == "status" else "patch"
        return await self._send(verb, resource, name, act)

    async def create_as(self, type_: Any, resource: Resource, namespace: str | None, body: Any) -> Any:
        return msgspec.convert(await self.create(resource, namespace, body), type_)

    async def patch_as(
        self, type_: Any, resource: Resource, namespace: str | None, name: str, body: Any, **more: Any
    ) -> Any:
        return msgspec.convert(await self.patch(resource, namespace, name, body, **more), type_)

    async def delete(self, resource: Resource, namespace: str | None, name: str, options: Any = None) -> Json:
        def act() -> Json:
            self._replica.server.delete(resource.plural, str(namespace), name, options)
            return {}

        return await self._send("delete", resource, name, act)

    async def _send(self, verb: str, resource: Resource, name: str, act: Callable[[], Any]) -> Any:
        replica, world = self._replica, self._replica.world
        await asyncio.sleep(0)  # what is sent side by side may arrive in any order
        replica.check_alive()
        trouble = replica.trouble
        trouble.sent[f"{verb} {resource.plural}"] += 1
        fault = trouble.requests.get(trouble.count)
        told = f"    request {trouble.count}: {verb} {resource.plural} {name}"
        world.note(told + (f" ({fault})" if fault else ""))
        world.pass_time(world.random.uniform(0, _LATENCY))
        replica.check_alive()
        if fault == "crash before":
            replica.crash()
        if fault in ("503", "429", "500"):
            raise ApiError(int(fault), "Unavailable", "try again")
        if fault == "not sent":
            raise ApiUnreachableError("no answer")
        try:
            answer = act()
        except ApiError as error:
            world.note(f"{told}: {error}")
            answer = error
        if fault == "crash after":
            replica.crash()
        if fault == "no answer":
            raise ApiUnreachableError("no answer")
        world.pass_time(world.random.uniform(0, _LATENCY))
        replica.check_alive()
        if isinstance(answer, ApiError):
            raise answer
        return answer


@dataclass(frozen=True)
class SimulatedStore(RunStore):
    """A store that is there, or away for a while."""

    replica: Any = None

    @property
    def url(self) -> str | None:
        return "s3://bucket"

    async def read_manifest(self, run: RunIdentity, path: str, attempt: int, digest: str) -> Manifest:
        await self._reach()
        return Manifest(self.replica.kubelet.manifests[digest])

    async def put_values(self, values: Mapping[str, str]) -> None:
        if values:
            await self._reach()

    async def keep_log(self, api: Api, run: RunIdentity, pod: str, path: str, attempt: int) -> None:
        await self._reach()

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        self.replica.check_alive()
        if self.replica.world.now < self.replica.trouble.store_until:
            raise StoreUnavailableError("the store does not answer")


class Replica:
    """A process from its start to its crash.

    Attributes
    ----------
    position
        How far in the API server's log the watch of Pods is.
    """

    def __init__(self, world: World, server: ApiServer, kubelet: Kubelet, trouble: Trouble) -> None:
        self.world, self.server, self.kubelet, self.trouble = world, server, kubelet, trouble
        self.is_alive = True
        self.is_deaf = False
        self.position = 0
        self._queue: dict[tuple[str, str], None] = {}
        self._due: dict[tuple[str, str], float] = {}
        self._failures: dict[tuple[str, str], int] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._to_list = True
        api = SimulatedApi(self)
        self.watch = Watch(api, PodView, PODS, labels=POD_LABELS)
        runtime = Runtime(api, self.watch, self, self._enqueue)  # type: ignore[arg-type]
        self.reconciler = Reconciler(runtime, settings=Settings())
        self.watch.on_change = self.reconciler.pod_changed
        server.listeners.append(self._hear)

    def check_alive(self) -> None:
        if not self.is_alive:
            raise CrashError

    def crash(self) -> None:
        self.world.note("*** the operator crashes")
        self.is_alive = False
        self.server.listeners.remove(self._hear)
        raise CrashError

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
                self.world.pass_time(1.0)
                return True
            self._to_list = False
            self.relist()
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
            if failures > _MOST_FAILURES or not isinstance(error, ApiError | ApiUnreachableError | UnreadableError):
                raise
            with suppress(ApiError, ApiUnreachableError):
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
        if not self.is_alive:
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

    def cut(self, seconds: float, behind: int) -> None:
        """The watch of Pods ends; later it begins again, `behind` events before where it was."""
        if not self.is_alive:
            return
        self.is_deaf = True

        def listen() -> None:
            self.is_deaf = False
            self.position = max(0, self.position - behind)
            self._catch_up()

        self.world.after(seconds, listen)

    def lose_watch(self, seconds: float) -> None:
        """As `cut`, but everything is listed anew."""
        if not self.is_alive:
            return
        self.is_deaf = True

        def list_again() -> None:
            self.is_deaf, self.position = False, len(self.server.log)
            items = {
                (item["metadata"]["namespace"], item["metadata"]["name"]): msgspec.convert(item, PodView)
                for item in self.server.list("pods")
                if _selected(item)
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
        if not self.is_alive or self.is_deaf or self._to_list:
            return
        log = self.server.log
        while self.position < len(log):
            _, plural, old, new = log[self.position]
            self.position += 1
            if plural == "pods":
                self._apply(old, new)

    def _apply(self, old: Json | None, new: Json | None) -> None:
        was, is_ = bool(old and _selected(old)), bool(new and _selected(new))
        if was or is_:
            kind = "DELETED" if not is_ else "MODIFIED" if was else "ADDED"
            shown = new if is_ else old
            if new and not is_:  # a label taken off: the object as it was, with the version of the change
                version = new["metadata"]["resourceVersion"]
                shown = old | {"metadata": old["metadata"] | {"resourceVersion": version}}
            self.watch._apply(msgspec.json.encode({"type": kind, "object": shown}))

    def _hint(self, namespace: str, name: str, version: str) -> None:
        if self.is_alive and self.reconciler.object_changed(RUNS, namespace, name, version):
            self._queue[namespace, name] = None

    def _enqueue(self, kind: str, namespace: str, name: str, seconds: float) -> None:
        key = (namespace, name)
        if not seconds:
            self._queue[key] = None
            return
        due = self.world.now + seconds
        if (known := self._due.get(key)) is not None and known <= due:
            return
        self._due[key] = due

        def fire() -> None:
            if self._due.get(key) == due and self.is_alive:
                del self._due[key]
                self._queue[key] = None

        self.world.after(seconds, fire, idle=True)


def _selected(pod: Json) -> bool:
    return POD_LABELS in pod["metadata"].get("labels", {})


def in_virtual_time(current: Callable[[], Replica]) -> ExitStack:
    """What of the product asks for the time or the store gets the simulated ones."""

    async def open_store(api: SimulatedApi, namespace: str, frozen: str | None) -> RunStore:
        return SimulatedStore(replica=api._replica)

    def now() -> Any:
        return current().world.time()

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return current().world.now

    stack = ExitStack()
    stack.enter_context(patch.multiple("levada.kube.opening", utc_now=now, open_store=open_store))
    stack.enter_context(patch("levada.kube.reconciler.utc_now", now))
    stack.enter_context(patch("levada.kube.trouble.utc_now", now))
    stack.enter_context(patch("levada.kube.record.time", Clock))
    return stack
