"""A proxy between the operator and the API server: it passes everything on, but for what a script of faults says."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from levada.kube.credentials import Credentials

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "keep-alive"}
_PATH = re.compile(
    r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>.+))?"
)


@dataclass(frozen=True)
class Answer:
    """What the API server said to a request that is no watch."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Exchange:
    """One request, as a fault gets hold of it.

    Attributes
    ----------
    verb, resource
        As in RBAC: `list`, `pipelineruns/status`. A line of a watch has the verb `event`.
    text
        Path, query and body; the line of a watch.
    send
        Has the API server answer; what is given by name changes the query.
    """

    verb: str
    resource: str
    text: str
    request: web.Request
    body: bytes
    send: Callable[..., Awaitable[Answer]]

    async def pass_on(self, **query: str) -> web.Response:
        answer = await self.send(**query)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    def abort(self) -> web.Response:
        """Close the connection; the answer that this gives never leaves."""
        if self.request.transport:
            self.request.transport.abort()
        return web.Response()


Action = Callable[[Exchange], Awaitable[web.StreamResponse]]
LineAction = Callable[[web.StreamResponse, Exchange], Awaitable[bool]]
"""What happens instead of handing on the line; False ends the stream."""


@dataclass
class Fault:
    """A line of the script: what happens to some of the requests that match.

    Attributes
    ----------
    verb, resource
        Patterns for what it is.
    do
        What happens to them.
    about
        A pattern for path, query and body, from their beginning.
    at, times
        The first one that is hit, counted from 1, and how many are.
    hits
        How many were.
    """

    verb: str
    resource: str
    do: Action | LineAction
    about: str = ""
    at: int = 1
    times: int = 1
    seen: int = 0
    hits: int = 0

    def strikes(self, exchange: Exchange) -> bool:
        wanted = ((self.verb, exchange.verb), (self.resource, exchange.resource))
        if not all(re.fullmatch(pattern, text) for pattern, text in wanted) or not re.match(self.about, exchange.text):
            return False
        self.seen += 1
        if not self.at <= self.seen < self.at + self.times:
            return False
        self.hits += 1
        return True


@dataclass
class Proxy:
    """Listens on this machine, in a thread of its own, while `running`.

    Attributes
    ----------
    url
        Where the operator finds it.
    faults
        The script. Faults may be added at any time; the first one that strikes counts.
    """

    upstream: Credentials
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _session: aiohttp.ClientSession = field(init=False)

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        loop = asyncio.new_event_loop()
        stop, ready = asyncio.Event(), threading.Event()

        async def serve() -> None:
            application = web.Application(client_max_size=1 << 26)
            application.router.add_route("*", "/{path:.*}", self._handle)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            connector = aiohttp.TCPConnector(limit=0, ssl=self.upstream.tls or True)
            async with aiohttp.ClientSession(connector=connector, auto_decompress=True) as self._session:
                ready.set()
                await stop.wait()
            await runner.cleanup()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="proxy", daemon=True)
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(10)

    @contextmanager
    def script(self, *faults: Fault) -> Iterator[tuple[Fault, ...]]:
        """Have these faults for a while."""
        self.faults += faults
        try:
            yield faults
        finally:
            for fault in faults:
                self.faults.remove(fault)

    def _strike(self, exchange: Exchange) -> Fault | None:
        return next((fault for fault in tuple(self.faults) if fault.strikes(exchange)), None)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        verb, resource = _what(request)
        self.asked.append((verb, resource))
        text = f"{request.path_qs}\n{body.decode(errors='replace')}"

        async def send(**query: str) -> Answer:
            async with self._upstream(request, body, **query) as answer:
                return Answer(answer.status, _headers(answer.headers), await answer.read())

        exchange = Exchange(verb, resource, text, request, body, send)
        if fault := self._strike(exchange):
            return await fault.do(exchange)  # type: ignore[call-arg,return-value]
        return await (self._watch(exchange) if verb == "watch" else exchange.pass_on())

    async def _watch(self, exchange: Exchange) -> web.StreamResponse:
        """Hand on a watch line by line."""
        async with self._upstream(exchange.request, b"") as answer:
            response = web.StreamResponse(status=answer.status, headers=_headers(answer.headers))
            await response.prepare(exchange.request)
            with suppress(aiohttp.ClientError):  # it ended in the middle: so does ours
                async for line in _lines(answer.content):
                    event = Exchange("event", exchange.resource, line.decode(), exchange.request, line, exchange.send)
                    fault = self._strike(event)
                    if fault is None:
                        await response.write(line)
                    elif not await fault.do(response, event):  # type: ignore[call-arg]
                        break
            return response

    def _upstream(self, request: web.Request, body: bytes, **query: str) -> aiohttp.client._RequestContextManager:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = f"{self.upstream.server}{request.rel_url.update_query(query)}"
        timeout = aiohttp.ClientTimeout(total=None)
        return self._session.request(request.method, url, headers=headers, data=body or None, timeout=timeout)


def _what(request: web.Request) -> tuple[str, str]:
    """The verb and the resource, with its subresource."""
    found = _PATH.fullmatch(request.path)
    if not found:
        return request.method.lower(), ""
    resource = found["plural"] + (f"/{found['sub']}" if found["sub"] else "")
    if request.method == "GET":
        verb = "watch" if request.query.get("watch") in ("1", "true") else "get" if found["name"] else "list"
    else:
        verb = {"POST": "create", "PUT": "update"}.get(request.method, request.method.lower())
    return verb, resource


def _headers(headers: aiohttp.typedefs.LooseHeaders) -> dict[str, str]:
    return {name: value for name, value in dict(headers).items() if name.lower() not in _HOP_BY_HOP}


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    tail = b""
    async for piece in content.iter_any():
        *lines, tail = (tail + piece).split(b"\n")
        for line in lines:
            yield line + b"\n"
