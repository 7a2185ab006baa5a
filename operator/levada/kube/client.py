"""The API server's verbs: JSON in, JSON out, a deadline on each, and nothing decided here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal, TypeVar

import msgspec

from levada.kube import credentials
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.resource import PODS, Resource
from levada.kube.transport import ATTEMPTS, Call, Params, Transport, open_session

T = TypeVar("T")
Json = dict[str, Any]
Items = list[msgspec.Raw]
Listed = tuple[Items, str]
"""Items, undecoded, and the resourceVersion of their list."""
PatchKind = Literal["merge", "strategic", "json", "apply"]

LOG_LIMIT = 1 << 20
LOGS_ABREAST = 4
"""Logs that are read at a time: each may fill some megabytes of memory."""
_GONE = 410
JSON = "application/json"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA_EVENTS = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
_PATCHES: Mapping[PatchKind, str] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}


class _PageMeta(msgspec.Struct):
    resource_version: str = msgspec.field(name="resourceVersion", default="")
    next_page: str = msgspec.field(name="continue", default="")


class Page(msgspec.Struct):
    """A part of a list, its items undecoded."""

    metadata: _PageMeta
    items: Items | None = None


class Api:
    """Requests to one API server. Made by `connect`.

    Parameters
    ----------
    transport
        Sends them. Its `fence` is set by whoever holds the lease.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._log_room = asyncio.Semaphore(LOGS_ABREAST)

    async def request(  # the parts of an HTTP request
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float | None = None,  # noqa: ASYNC109  # for all attempts together
        urgent: bool = False,
    ) -> bytes:
        """Send any call: `body` is encoded as JSON, the answer comes back undecoded. Raises as `Transport.send`.

        Parameters
        ----------
        method, path, params
            The request line.
        body
            Anything that msgspec can encode.
        content_type, accept
            Headers.
        timeout
            Seconds, instead of the usual 10.
        urgent
            For the lease: waits for no pool, asks no fence.
        """
        data = None if body is None else msgspec.json.encode(body)
        headers = {"Accept": accept} if data is None else {"Accept": accept, "Content-Type": content_type}
        return await self.transport.send(Call(method, path, params or {}, data, headers, urgent=urgent), timeout)

    async def get(self, resource: Resource, namespace: str | None, name: str, *, urgent: bool = False) -> Json:
        """One object; `ApiError` with status 404 when there is none."""
        return _json(await self.request("GET", resource.path(namespace, name), urgent=urgent))

    async def get_as(self, type_: type[T], resource: Resource, namespace: str | None, name: str) -> T:
        """One object, decoded as a msgspec struct (or anything else that msgspec can decode)."""
        return _decoded(await self.request("GET", resource.path(namespace, name)), type_)

    async def list(  # what the API offers
        self,
        type_: type[T],
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        metadata_only: bool = False,
    ) -> list[T]:
        """All objects of a kind, page by page.

        Parameters
        ----------
        type_
            What to decode each item as: `dict`, or a msgspec struct.
        resource, namespace
            What and where; every namespace when None.
        labels, fields
            Selectors.
        metadata_only
            Ask for the metadata alone (decode it as `PartialObject`): a fraction of the size.
        """
        items, _ = await self.list_raw(resource, namespace, labels=labels, fields=fields, metadata_only=metadata_only)
        return [msgspec.json.decode(item, type=type_) for item in items]

    async def list_raw(  # as `list`
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 500,
        metadata_only: bool = False,
    ) -> Listed:
        """As `list`, undecoded; when a page token expires (410) it starts again."""
        pages = partial(
            self.pages, resource, namespace, labels=labels, fields=fields, limit=limit, metadata_only=metadata_only
        )
        attempt = 1
        while True:
            try:
                all_of_it = [page async for page in pages()]
            except ApiError as error:
                if error.status != _GONE or attempt == ATTEMPTS:
                    raise
                attempt += 1
            else:
                items = [item for page in all_of_it for item in page.items or ()]
                return items, all_of_it[-1].metadata.resource_version

    async def pages(  # as `list`
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 500,
        metadata_only: bool = False,
    ) -> AsyncIterator[Page]:
        """As `list_raw`, page by page: of a long list no more than one is kept. An expired token ends it (410)."""
        params: dict[str, str | int] = {"limit": limit}
        params |= {"labelSelector": labels} if labels else {}
        params |= {"fieldSelector": fields} if fields else {}
        accept = _METADATA_ONLY if metadata_only else JSON
        while True:
            page = _decoded(await self.request("GET", resource.path(namespace), params=params, accept=accept), Page)
            yield page
            if not page.metadata.next_page:
                return
            params["continue"] = page.metadata.next_page

    async def create(self, resource: Resource, namespace: str | None, body: Any, *, urgent: bool = False) -> Json:
        """POST one object; `ApiError` with status 409 and reason `AlreadyExists` when the name is taken."""
        return _json(await self.request("POST", resource.path(namespace), body=body, urgent=urgent))

    async def create_as(self, type_: type[T], resource: Resource, namespace: str | None, body: Any) -> T:
        """As `create`; the answer decoded as in `get_as`."""
        return _decoded(await self.request("POST", resource.path(namespace), body=body), type_)

    async def replace(  # the parts of an address
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        body: Any,
        *,
        subresource: str | None = None,
        urgent: bool = False,
    ) -> Json:
        """PUT one object, or its `subresource`; with a resourceVersion in its metadata, 409 when it has changed."""
        return _json(await self.request("PUT", resource.path(namespace, name, subresource), body=body, urgent=urgent))

    async def patch(  # the parts of an address
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        body: Any,
        *,
        kind: PatchKind = "merge",
        subresource: str | None = None,
        field_manager: str = "",
        force: bool = False,
    ) -> Json:
        """PATCH one object.

        Parameters
        ----------
        resource, namespace, name
            Which object.
        body
            The patch: an object, or a list of operations for `json`.
        kind
            `strategic` merges lists by their key (built-in kinds only); `apply` is server-side apply.
        subresource
            `status`, for example.
        field_manager, force
            Who owns the fields, if not who the user agent says; for `apply`, whether to take them from others.
        """
        params = {"fieldManager": field_manager} if field_manager else {}
        params |= {"force": "true"} if force and kind == "apply" else {}
        path = resource.path(namespace, name, subresource)
        return _json(await self.request("PATCH", path, params=params, body=body, content_type=_PATCHES[kind]))

    async def patch_as(  # as `patch`
        self,
        type_: type[T],
        resource: Resource,
        namespace: str | None,
        name: str,
        body: Any,
        *,
        kind: PatchKind = "merge",
    ) -> T:
        """As `patch`; the answer decoded as in `get_as`."""
        path = resource.path(namespace, name)
        return _decoded(await self.request("PATCH", path, body=body, content_type=_PATCHES[kind]), type_)

    async def delete(
        self, resource: Resource, namespace: str | None, name: str, options: Mapping[str, Any] | None = None
    ) -> Json:
        """DELETE one object. `options` are DeleteOptions: gracePeriodSeconds, preconditions, propagationPolicy."""
        return _json(await self.request("DELETE", resource.path(namespace, name), body=options))

    async def read_log(  # what the API offers
        self, namespace: str, pod: str, *, container: str, tail: int, previous: bool = False, limit: int = LOG_LIMIT
    ) -> str:
        """The last `tail` lines of a container's log, at most `limit` bytes; what is no UTF-8 is replaced."""
        params: Params = {
            "container": container,
            "tailLines": tail,
            "limitBytes": limit,
            "previous": str(previous).lower(),
        }
        async with self._log_room:
            raw = await self.request("GET", PODS.path(namespace, pod, "log"), params=params, accept="*/*")
        return raw.decode(errors="replace")


def _json(raw: bytes) -> Json:
    return _decoded(raw, Json)


def _decoded(raw: bytes, type_: type[T]) -> T:
    """The answer to a request; one that makes no sense is none: something else than the API server has written it."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except msgspec.ValidationError:  # it is JSON: the object is at fault
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiUnreachableError(f"the answer is not the API server's: {error}") from error


@asynccontextmanager
async def connect(
    kubeconfig: str | None = None, context: str | None = None, *, pool: int = 16, seconds: float = 10.0
) -> AsyncIterator[Api]:
    """Connect to the API server that the environment, or `kubeconfig`, names.

    Parameters
    ----------
    kubeconfig, context
        As in `credentials.load`.
    pool
        How many calls may be under way (8 to 32).
    seconds
        For one call.

    Yields
    ------
    Api
        Usable inside the `async with`.
    """
    load = partial(credentials.load, kubeconfig, context)
    access = await load()
    async with open_session() as session:
        yield Api(Transport(session, access, load, pool=pool, timeout=seconds))
