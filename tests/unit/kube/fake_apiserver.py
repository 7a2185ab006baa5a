"""A small API server in this process: real HTTP, lists in pages, watches, conflicts, and faults on demand."""

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def status_object(code: int, reason: str, message: str = "", **details: Any) -> dict:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason} | {
        "message": message, "details": details,
    }  # fmt: skip


def refusal(code: int, reason: str = "", message: str = "", headers: dict | None = None) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(status_object(code, reason, message), status=code, headers=headers)

    return answer


async def drop(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    request.transport.abort()
    return web.Response()


@dataclass
class Fault:
    method: str
    part: str
    answer: Answer
    times: int

    def hits(self, request: web.Request) -> bool:
        return self.times > 0 and self.method == request.method and self.part in request.path_qs


@dataclass
class FakeApiServer:
    """Objects by path (`/api/v1/namespaces/a/pods/x`), a history that watches read, and faults."""

    objects: dict[str, dict] = field(default_factory=dict)
    history: list[tuple[int, str, dict]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    version: int = 1
    compacted: int = 0
    gone_as_event: bool = False
    token: str | None = None
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    documents: dict[str, dict] = field(default_factory=dict)
    streams: set[asyncio.Transport] = field(default_factory=set)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, method: str, part: str, answer: Answer, times: int = 1) -> None:
        """The next requests whose path and query hold `part` get this answer instead."""
        self.faults.append(Fault(method, part, answer, times))

    async def hang(self, _: web.Request) -> web.StreamResponse:
        """Accept a request and never answer."""
        self.hanging.set()
        await self.released.wait()
        return web.Response(status=500)

    async def put(self, path: str, **content: Any) -> dict:
        """Create or change an object, as another client would."""
        kind = "MODIFIED" if path in self.objects else "ADDED"
        metadata = content.pop("metadata", {})
        return await self._store(kind, path, {**self.objects.get(path, {}), **content}, metadata)

    async def remove(self, path: str, *, quietly: bool = False) -> None:
        """Delete an object; `quietly` leaves no trace in the history, as if it had been compacted."""
        gone = self.objects.pop(path)
        self.version += 1
        if not quietly:
            gone = copy.deepcopy(gone)
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.history.append((self.version, "DELETED", gone))
        await self._tell()

    async def bookmark(self) -> None:
        self.version += 1
        self.history.append((self.version, "BOOKMARK", {"metadata": {"resourceVersion": str(self.version)}}))
        await self._tell()

    async def streaming(self, count: int) -> None:
        """Wait until this many watches are open."""
        async with self.news:
            await self.news.wait_for(lambda: len(self.streams) >= count)

    def cut(self) -> None:
        """Break every open watch, in the middle of whatever it was sending."""
        while self.streams:
            self.streams.pop().abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        self.headers.append(dict(request.headers))
        for fault in self.faults:
            if fault.hits(request):
                fault.times -= 1
                return await fault.answer(request)
        if self.token and request.headers.get("Authorization", "").lower() != f"bearer {self.token}":
            return await refusal(401, "Unauthorized")(request)
        if request.path in self.documents:
            return web.json_response(self.documents[request.path])
        return await getattr(self, f"_{request.method.lower()}")(request)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.objects:
            return web.json_response(self.objects[request.path])
        if request.path.split("/")[-1] in {"pods", "pipelineruns", "pipelines", "components"}:
            return await (self._watch(request) if request.query.get("watch") else self._list(request))
        return await refusal(404, "NotFound", f"{request.path} not found")(request)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        items = [item for path, item in sorted(self.objects.items()) if _within(request.path, path)]
        start = int(request.query.get("continue", "0"))
        end = start + int(request.query.get("limit", "500"))
        metadata = {"resourceVersion": str(self.version)} | ({"continue": str(end)} if end < len(items) else {})
        return web.json_response({"kind": "List", "metadata": metadata, "items": items[start:end]})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        reached = int(request.query["resourceVersion"])
        expired = reached < self.compacted
        if expired and not self.gone_as_event:
            return await refusal(410, "Expired", "too old resource version")(request)
        response = web.StreamResponse()
        await response.prepare(request)
        if expired:
            await _send(response, "ERROR", status_object(410, "Expired", "too old resource version"))
            return response
        transport = request.transport
        async with self.news:
            self.streams.add(transport)
            self.news.notify_all()
        try:
            while True:
                for version, kind, item in list(self.history):
                    if version <= reached:
                        continue
                    if kind == "BOOKMARK" or _within(request.path, item["metadata"]["path"]):
                        await _send(response, kind, item)
                    reached = version
                async with self.news:
                    await self.news.wait_for(
                        lambda reached=reached: any(version > reached for version, *_ in self.history)
                    )
        finally:
            self.streams.discard(transport)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        path = f"{request.path}/{body['metadata']['name']}"
        if path in self.objects:
            return await refusal(409, "AlreadyExists", f"{path} already exists")(request)
        return web.json_response(await self._store("ADDED", path, body, body["metadata"]), status=201)

    async def _put(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if request.path not in self.objects:
            return await refusal(404, "NotFound")(request)
        if _is_stale(body, self.objects[request.path]):
            return await refusal(409, "Conflict", "the object has been modified")(request)
        return web.json_response(await self._store("MODIFIED", request.path, body, body["metadata"]))

    async def _patch(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        path = request.path.removesuffix("/status")
        if path not in self.objects:
            return await refusal(404, "NotFound")(request)
        if _is_stale(body, known := self.objects[path]):
            return await refusal(409, "Conflict", "the object has been modified")(request)
        metadata = body.get("metadata", {})
        if gone := metadata.pop("$deleteFromPrimitiveList/finalizers", ()):
            metadata["finalizers"] = [each for each in known["metadata"].get("finalizers", []) if each not in gone]
        return web.json_response(await self._store("MODIFIED", path, {**known, **body}, metadata))

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        if request.path not in self.objects:
            return await refusal(404, "NotFound")(request)
        await self.remove(request.path)
        return web.json_response({"kind": "Status", "status": "Success"})

    async def _store(self, kind: str, path: str, content: dict, metadata: dict) -> dict:
        self.version += 1
        parts = path.split("/")
        namespace = parts[parts.index("namespaces") + 1] if "namespaces" in parts else ""
        known = self.objects.get(path, {}).get("metadata", {"uid": f"uid-{self.version}"})
        fixed = {"name": parts[-1], "namespace": namespace, "path": path, "resourceVersion": str(self.version)}
        item = {**content, "metadata": {**known, **metadata, **fixed}}
        self.objects[path] = item
        self.history.append((self.version, kind, item))
        await self._tell()
        return item

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


def _is_stale(body: dict, known: dict) -> bool:
    """Whether a write was computed from another state than the present one."""
    wanted = body.get("metadata", {}).get("resourceVersion")
    return bool(wanted) and wanted != known["metadata"]["resourceVersion"]


def _within(collection: str, path: str) -> bool:
    """Whether an object's path belongs to a collection, of one namespace or of all."""
    holder = path.rpartition("/")[0]
    if "/namespaces/" not in collection and "/namespaces/" in holder:
        before, _, rest = holder.partition("/namespaces/")
        holder = f"{before}/{rest.partition('/')[2]}"
    return holder == collection


async def _send(response: web.StreamResponse, kind: str, item: dict) -> None:
    """One event in two pieces, so that a reader must put lines together."""
    line = json.dumps({"type": kind, "object": item}).encode() + b"\n"
    await response.write(line[: len(line) // 2])
    await response.write(line[len(line) // 2 :])
