"""Our own list and watch: typed, label-selected, and it notices what vanished while it was not looking."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Collection, Sequence
from typing import Generic, Protocol, TypeVar

import aiohttp
import msgspec

from levada.kube import metrics
from levada.kube.backoff import Backoff
from levada.kube.client import JSON, METADATA_EVENTS, Api
from levada.kube.errors import ApiError, ApiUnreachableError, from_stream
from levada.kube.resource import ObjectMeta, Resource
from levada.kube.transport import Call

Key = tuple[str, str]
_GONE = 410
_REFUSALS = (403, 404)
_log = logging.getLogger(__name__)


class Watched(Protocol):
    """What a watched struct must have."""

    @property
    def metadata(self) -> ObjectMeta:
        """Name, namespace, uid, resourceVersion."""


T = TypeVar("T", bound=Watched)


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _BookmarkMeta(msgspec.Struct):
    version: str = msgspec.field(name="resourceVersion", default="")


class _Bookmark(msgspec.Struct):
    metadata: _BookmarkMeta


_bookmark = msgspec.json.Decoder(_Bookmark)


class Watch(Generic[T]):
    """Keeps `store` equal to what the API server has, and says what changed.

    Parameters
    ----------
    api
        The API server.
    type_
        A msgspec struct with `metadata: ObjectMeta` and the fields that are wanted; all else is skipped undecoded.
    resource
        The kind.
    namespaces
        Which ones; all of them when empty.
    labels
        The selector. An object that loses its label is reported as deleted.
    on_change
        Called with the old and the new object; None where there is none. It must return at once.
    on_listed
        Called after each list, with its namespace (None for all of them) and what it showed: who knows of more than
        `store` had, such as what was made while nobody watched, hears of it nowhere else.
    metadata_only
        Ask for the metadata alone: a fraction of the size (decode it as `PartialObject`).
    idle
        Seconds of silence after which a stream is thought dead (bookmarks come about once a minute).

    Attributes
    ----------
    namespaces
        Which ones, as requests take them: None for all of them.
    store
        The objects by namespace and name. Replaced, not emptied, when it is listed anew.
    synced
        Set once every namespace has been listed, or was refused while another was listed: one of which the role went
        with the namespace, say, does not keep the others waiting.
    """

    def __init__(  # a watch has this many properties
        self,
        api: Api,
        type_: type[T],
        resource: Resource,
        *,
        namespaces: Sequence[str] = (),
        labels: str = "",
        on_change: Callable[[T | None, T | None], None] | None = None,
        on_listed: Callable[[str | None, Collection[Key]], None] | None = None,
        metadata_only: bool = False,
        idle: float = 100.0,
    ) -> None:
        self.store: dict[Key, T] = {}
        self.synced = asyncio.Event()
        self.on_change = on_change
        self.on_listed = on_listed
        self._api = api
        self._resource = resource
        self.namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._labels = labels
        self._metadata_only = metadata_only
        self._idle = idle
        self._object = msgspec.json.Decoder(type_)
        self._event = msgspec.json.Decoder(_Event)
        self._versions: dict[str | None, str] = {}
        self._unlisted = set(self.namespaces)
        self._unasked = set(self.namespaces)
        self._heartbeat = time.monotonic()

    def silent_for(self) -> float:
        """Seconds since the loop last did anything: more than some minutes means that it hangs or has ended."""
        return time.monotonic() - self._heartbeat

    def knows(self, namespace: str) -> bool:
        """Whether what is in the namespace has been listed."""
        return not {namespace, None}.isdisjoint(self.namespaces) and self._unlisted.isdisjoint({namespace, None})

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for namespace in self.namespaces:
                group.create_task(self._follow(namespace), name=f"watch {self._resource.plural} {namespace or '*'}")

    async def _follow(self, namespace: str | None) -> None:
        """List, watch, and begin again where that ended."""
        backoff = Backoff(0.5, 30.0)
        while True:
            started = self._heartbeat = time.monotonic()
            before = self._versions.get(namespace)
            cause = await self._once(namespace, backoff)
            metrics.WATCH_RESTARTS.labels(self._resource.plural, cause).inc()
            if cause == "expired":
                self._versions.pop(namespace, None)
            has_moved_on = self._versions.get(namespace) != before
            if cause == "closed" and (has_moved_on or time.monotonic() - started > 1):
                backoff.reset()  # servers cut the streams of those that fall behind, too: there is more to read
            else:
                await asyncio.sleep(backoff.failed())

    async def _once(self, namespace: str | None, backoff: Backoff) -> str:
        """List unless we know where to go on, then watch for as long as it lasts; why it ended."""
        try:
            if namespace not in self._versions:
                self._versions[namespace] = await self._list(namespace)
            await self._stream(namespace, backoff)
        except TimeoutError:
            return "silent"
        except ApiError as error:
            if error.status == _GONE:
                return "expired"
            if error.status in _REFUSALS:
                self._asked(namespace)
            failure: Exception = error
        except (ApiUnreachableError, aiohttp.ClientError, OSError, msgspec.MsgspecError) as error:
            failure = error
        else:
            return "closed"
        _log.warning("watching %s in %s: %s", self._resource.plural, namespace or "all namespaces", failure)
        return "error"

    async def _list(self, namespace: str | None) -> str:
        items, version = await self._api.list_raw(
            self._resource, namespace, labels=self._labels, metadata_only=self._metadata_only
        )
        listed = {_key(new): new for item in items if (new := self._decode(item)) is not None}
        self._replace(namespace, listed)
        self._unlisted.discard(namespace)
        self._asked(namespace)
        return version

    def _asked(self, namespace: str | None) -> None:
        self._unasked.discard(namespace)
        if not self._unasked and len(self._unlisted) < len(self.namespaces):
            self.synced.set()

    def _replace(self, namespace: str | None, listed: dict[Key, T]) -> None:
        """Swap one namespace's part of the store, then report the difference, vanished objects included."""
        before = {key: old for key, old in self.store.items() if namespace in {None, key[0]}}
        self.store = {key: old for key, old in self.store.items() if key not in before} | listed
        for key, old in before.items():
            if key not in listed:
                self._report(old, None)
        for key, new in listed.items():
            self._changed(before.get(key), new)
        if self.on_listed is not None:
            self.on_listed(namespace, listed.keys())

    async def _stream(self, namespace: str | None, backoff: Backoff) -> None:
        seconds = random.randint(240, 300)  # noqa: S311  # so that not all streams end at once
        params: dict[str, str | int] = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": seconds,
            "resourceVersion": self._versions[namespace],
        }
        params |= {"labelSelector": self._labels} if self._labels else {}
        call = Call(
            "GET",
            self._resource.path(namespace),
            params,
            headers={"Accept": METADATA_EVENTS if self._metadata_only else JSON},
        )
        tail = b""
        async with self._api.transport.stream(call, seconds=seconds + 10.0, silence=self._idle) as content:
            async for piece in content.iter_any():
                self._heartbeat = time.monotonic()
                *lines, tail = (tail + piece).split(b"\n")
                for line in lines:
                    if version := self._apply(line):
                        self._versions[namespace] = version
                backoff.reset()

    def _apply(self, line: bytes) -> str:
        """Apply one event and return the resourceVersion that it brings us to, where it says so."""
        event = self._event.decode(line)
        if event.type == "ERROR":
            raise from_stream(event.object)
        if event.type == "BOOKMARK":
            return _bookmark.decode(event.object).metadata.version
        if (new := self._decode(event.object)) is None:
            return ""
        if event.type == "DELETED":
            self.store.pop(_key(new), None)
            self._report(new, None)
        else:
            old = self.store.get(_key(new))
            self.store[_key(new)] = new
            self._changed(old, new)
        return new.metadata.resource_version

    def _changed(self, old: T | None, new: T) -> None:
        """Report a new or changed object; one of the same name but another UID is another object."""
        if old is not None and old.metadata.resource_version == new.metadata.resource_version:
            return
        if old is not None and not _same(old, new):
            self._report(old, None)
            old = None
        self._report(old, new)

    def _report(self, old: T | None, new: T | None) -> None:
        if self.on_change is None:
            return
        try:
            self.on_change(old, new)
        except Exception:  # noqa: BLE001  # one bad object never stops the others
            _log.exception("a change of one of the %s could not be handled", self._resource.plural)

    def _decode(self, raw: msgspec.Raw) -> T | None:
        """One object; one that cannot be read is named and left out, so that it does not stop the others."""
        try:
            return self._object.decode(raw)
        except msgspec.MsgspecError as error:
            # Its content may hold a secret: the message says where it is wrong, not what stands there.
            _log.error("one of the %s cannot be read and is ignored: %s", self._resource.plural, error)
            return None


def _key(item: Watched) -> Key:
    return item.metadata.namespace, item.metadata.name


def _same(old: Watched, new: Watched) -> bool:
    return old.metadata.uid == new.metadata.uid
