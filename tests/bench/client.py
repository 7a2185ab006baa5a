"""A bare client of the API server, for what takes part in a measurement: as little of its own as can be."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import aiohttp
import msgspec

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
CONNECTIONS = 16
"""As many as the operator has."""
_TOO_MANY = 429
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


class RequestError(Exception):
    """The server refused a request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Requests with the credentials of a kubeconfig; `sent` counts those that write, by verb and resource."""

    def __init__(self, kubeconfig: Path) -> None:
        config = msgspec.json.decode(kubeconfig.read_bytes())
        cluster = config["clusters"][0]["cluster"]
        authority = msgspec.json.decode(f'"{cluster["certificate-authority-data"]}"', type=bytes)
        self.sent: Counter[str] = Counter()
        self._server = cluster["server"]
        self._tls = ssl.create_default_context(cadata=authority.decode())
        self._headers = {
            "Authorization": f"Bearer {config['users'][0]['user']['token']}",
            "Accept-Encoding": "identity",
        }

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0, ssl=self._tls)
        self._session = aiohttp.ClientSession(self._server, connector=connector, headers=self._headers)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, method: str, path: str, body: Any = None, kind: str = JSON) -> bytes:
        """The answer to one request. `body` is bytes, or anything that msgspec encodes."""
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        async with self._session.request(method, path, data=data, headers={"Content-Type": kind}) as response:
            answer = await response.read()
            if response.status >= 300:
                raise RequestError(response.status, f"{method} {path}: {response.status}: {answer[:500].decode()}")
        if method != "GET":
            self.sent[f"{method} {_resource(path)}"] += 1
        return answer

    async def create(self, item: Any, namespace: str) -> Any:
        """One object as it stands then."""
        group = item["apiVersion"]
        kind = f"{item['kind'].lower()}s"
        path = f"{'api' if '/' not in group else 'apis'}/{group}/namespaces/{namespace}/{kind}"
        return msgspec.json.decode(await self.send("POST", f"/{path}", item))

    async def get(self, path: str) -> Any:
        return msgspec.json.decode(await self.send("GET", path))

    async def text(self, path: str) -> str:
        return (await self.send("GET", path)).decode()

    async def watch(self, path: str, started: Callable[[], None], **params: str) -> AsyncIterator[bytes]:
        """The events of what happens from now on, one JSON document each; `started` is called once they are sent.

        The server ends the stream of a client that is slow: it goes on where it was.
        """
        last = await self.send("GET", f"{path}?limit=1")
        while True:
            version = _version_in(last)
            query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": "36000", **params}
            async with self._session.get(path, params=query, timeout=_NO_TIMEOUT) as response:
                if response.status == _TOO_MANY:  # its kind has just been made: the server is not ready for it
                    await asyncio.sleep(float(response.headers.get("Retry-After", 1)))
                    continue
                if response.status >= 300:
                    text = (await response.text())[:500]
                    raise RequestError(response.status, f"WATCH {path}: {response.status}: {text}")
                started()
                tail = b""
                async for piece in response.content.iter_any():
                    *lines, tail = (tail + piece).split(b"\n") if tail else piece.split(b"\n")
                    for last in lines:
                        yield last


def _version_in(document: bytes) -> str:
    """The resourceVersion of a list, or of an event's object."""
    found = msgspec.json.decode(document)
    if found.get("type") == "ERROR":
        raise RequestError(found["object"].get("code", 0), f"WATCH: {found['object'].get('message')}")
    return found.get("object", found)["metadata"]["resourceVersion"]


def _resource(path: str) -> str:
    """`pods`, `pods/status`: what the server's own metrics call it."""
    parts = path.partition("?")[0].split("/")
    after = parts[parts.index("namespaces") + 2 :] if "namespaces" in parts[:-2] else parts[-1:]
    return "/".join([after[0], *after[2:]])
