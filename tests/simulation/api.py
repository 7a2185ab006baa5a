"""The API server and the store as a replica of the operator reaches them: requests that may fail at any place."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from levada.kube.client import Api, Page
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.reconciler import POD_LABELS
from levada.kube.resource import Resource
from levada.kube.run_store import RunStore
from levada.planner.handoff import Manifest
from levada.planner.pod import RunIdentity
from levada.store.errors import StoreUnavailableError
from simulation.apiserver import ApiServer, Json
from simulation.kubelet import Kubelet
from simulation.world import World


class CrashError(BaseException):
    """The replica is killed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `act` is what it does at the API server. An `urgent` one is about the lease."""

    verb: str
    plural: str
    name: str
    act: Callable[[], Any]
    urgent: bool = False

    @property
    def reads(self) -> bool:
        return self.verb in ("get", "list")

    def __str__(self) -> str:
        return f"{self.verb} {self.plural} {self.name}"


@dataclass
class Trouble:
    """What goes wrong with requests: by number since the history began, and the store for as long as it is away.

    `sent` counts the requests by verb and resource; `meddling` is what somebody else does just before one is sent.
    """

    requests: Mapping[int, str] = field(default_factory=dict)
    meddling: dict[int, Callable[[], None]] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    store_until: float = 0.0

    @property
    def count(self) -> int:
        return self.sent.total()

    def next(self, request: Request) -> tuple[str, str | None]:
        """How the next request is told of, and what befalls it."""
        self.sent[f"{request.verb} {request.plural}"] += 1
        self.meddling.get(self.count, lambda: None)()
        fault = self.requests.get(self.count)
        told = f"    request {self.count}: {request}"
        return told, fault


REFUSALS = ("503", "429", "500")


def refused(fault: str | None) -> None:
    """Raise what a request meets that does not get through."""
    if fault in REFUSALS:
        raise ApiError(int(fault), "Unavailable", "try again")
    if fault == "not sent":
        raise ApiUnreachableError("no answer")


class Process(Protocol):
    """Who sends requests."""

    world: World
    server: ApiServer
    kubelet: Kubelet
    trouble: Trouble

    def check_alive(self) -> None:
        """Raise CrashError once it is dead."""

    async def pause(self, seconds: float) -> None:
        """Wait."""

    async def send(self, request: Request) -> Any:
        """Have the API server do it."""


class SimulatedApi(Api):
    """The API server as one replica reaches it.

    Attributes
    ----------
    listed_at
        How far the API server's log was when Pods were last listed.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.listed_at = 0

    async def get(self, resource: Resource, namespace: str | None, name: str, *, urgent: bool = False) -> Json:
        server = self.process.server
        return await self._send(
            "get", resource, name, lambda: server.get(resource.plural, str(namespace), name), urgent
        )

    async def get_as(self, type_: Any, resource: Resource, namespace: str | None, name: str) -> Any:
        return msgspec.convert(await self.get(resource, namespace, name), type_)

    async def list(self, type_: Any, resource: Resource, namespace: str | None = None, **selectors: Any) -> Any:
        return await self._send("list", resource, "", list)  # only Events of Pods are asked for

    async def list_raw(self, resource: Resource, namespace: str | None = None, **selectors: Any) -> Any:
        """The Pods; the watch goes on after what was listed."""
        server = self.process.server

        def act() -> Any:
            self.listed_at = len(server.log)
            items = [item for item in server.list(resource.plural) if is_selected(item)]
            return [msgspec.Raw(msgspec.json.encode(item)) for item in items], str(server.version)

        return await self._send("list", resource, "", act)

    async def pages(self, resource: Resource, namespace: str | None = None, **selectors: Any) -> AsyncIterator[Page]:
        """The Pods without our label, which nobody else asks for."""
        server = self.process.server

        def act() -> Page:
            items = [item for item in server.list(resource.plural) if not is_selected(item)]
            encoded = msgspec.json.encode({"metadata": {}, "items": items})
            return msgspec.json.decode(encoded, type=Page)

        yield await self._send("list", resource, "without label", act)

    async def create(self, resource: Resource, namespace: str | None, body: Any, *, urgent: bool = False) -> Json:
        server, name = self.process.server, body["metadata"]["name"]
        return await self._send(
            "create", resource, name, lambda: server.create(resource.plural, str(namespace), body), urgent
        )

    async def replace(self, resource: Resource, namespace: str | None, name: str, body: Any, **more: Any) -> Json:
        server, urgent = self.process.server, more.get("urgent", False)
        return await self._send(
            "replace", resource, name, lambda: server.replace(resource.plural, str(namespace), name, body), urgent
        )

    async def patch(self, resource: Resource, namespace: str | None, name: str, body: Any, **more: Any) -> Json:
        def act() -> Json:
            kind, status = more.get("kind", "merge"), more.get("subresource") == "status"
            if status:  # or a replica that was stopped for long would overwrite what another wrote
                assert {"uid", "resourceVersion"} <= body["metadata"].keys(), "a status is written without its version"
            return self.process.server.patch(resource.plural, str(namespace), name, body, kind=kind, status=status)

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
            self.process.server.delete(resource.plural, str(namespace), name, options)
            return {}

        return await self._send("delete", resource, name, act)

    async def _send(
        self, verb: str, resource: Resource, name: str, act: Callable[[], Any], urgent: bool = False
    ) -> Any:
        return await self.process.send(Request(verb, resource.plural, name, act, urgent))


@dataclass
class SimulatedStore(RunStore):
    """A store that is there, or away for a while."""

    process: Any = None

    @property
    def url(self) -> str | None:
        return "s3://bucket"

    async def read_manifest(self, run: RunIdentity, path: str, attempt: int, digest: str) -> Manifest:
        await self._reach()
        return Manifest(self.process.kubelet.manifests[digest])

    async def put_values(self, values: Mapping[str, str]) -> None:
        if values:
            await self._reach()

    async def keep_log(self, run: RunIdentity, pod: str, path: str, attempt: int) -> None:
        await self._reach()

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        self.process.check_alive()
        if self.process.world.now < self.process.trouble.store_until:
            raise StoreUnavailableError("the store does not answer")


def is_selected(pod: Json) -> bool:
    return POD_LABELS in pod["metadata"].get("labels", {})
