"""A namespace's cache of results: small objects beside the runs' artifacts, which they point to.

<root>/<namespace>/=cache/entries/<key>   the results of one piece of work
<root>/<namespace>/=cache/latest/<kin>    the last work of its kin: it tells what changed when there is no entry

An object is one JSON document, closed by its digest: what is damaged counts as gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from levada.graph.model import Artifact
from levada.planner.encoding import plain_outputs, read_outputs
from levada.planner.flow.cache import (
    EXPIRED,
    OUTPUTS_GONE,
    UNVERIFIABLE,
    Answer,
    Entry,
    Hit,
    Miss,
    Work,
    difference,
    external_uris,
    is_stale,
    work_of,
)
from levada.planner.handoff import NOTHING
from levada.planner.locations import entry_uri, latest_uri
from levada.store.digest import EMPTY_FOLDER, bytes_digest
from levada.store.errors import (
    InputGoneError,
    StoreDeniedError,
    StoreError,
    StoreUnavailableError,
    TooLargeError,
    UnverifiableError,
)
from levada.store.fingerprint import fingerprint, is_fingerprint
from levada.store.objects import find, get_bytes, put_bytes, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from levada.graph.model import Component, Datum
    from levada.graph.policies import Cache
    from levada.store.stores import Stores

_LIMIT: Final = 8 << 20
"""Bytes of an entry that are read; what a task's parameters may hold in all is far less."""

Kept = TypeVar("Kept", Entry, Work)


class DamagedEntryError(Exception):
    """An object of the cache that is not as it was written."""


class ResultCache:
    """The cache of `namespace` in the store whose `url` is `root`."""

    def __init__(self, stores: Stores, root: str, namespace: str) -> None:
        self._stores = stores
        self._place = (root, namespace)

    def work(
        self,
        component: Component,
        path: str,
        inputs: Mapping[str, Datum],
        template: Mapping[str, Any],
        salt: str,
    ) -> Work | Miss:
        """What the results of a task follow from (see `work_of`); external data is fingerprinted now.

        Raises
        ------
        StoreUnavailableError, StoreDeniedError
            Whether it can be told is not known yet, or with these keys.
        """
        try:
            seen = {uri: fingerprint(self._stores, uri).digest for uri in external_uris(inputs)}
        except (StoreUnavailableError, StoreDeniedError):
            raise
        except StoreError:
            return Miss(UNVERIFIABLE)
        return work_of(component, path, inputs, template, salt, seen)

    def find(self, work: Work, component: Component, policy: Cache, now: datetime) -> Answer:
        """The results of `work`, or why they are not to be had. Raises as `work` does."""
        try:
            return self._find(work, component, policy, now)
        except (StoreUnavailableError, StoreDeniedError):
            raise
        except StoreError:
            return Miss(UNVERIFIABLE)

    def keep(self, work: Work, run: str, path: str, outputs: Mapping[str, Datum], now: datetime) -> None:
        """Note the results of `work`, which has ended well.

        Raises
        ------
        StoreError
            When they are not noted: the store cannot be written to, or the artifacts are not what was recorded.
        """
        made = [
            datum
            for datum in outputs.values()
            if isinstance(datum, Artifact) and datum.digest not in (EMPTY_FOLDER, NOTHING)
        ]
        seen = {artifact.uri: self._seen(artifact) for artifact in made}
        for kin in work.kin:
            self._write(latest_uri(*self._place, kin), work)
        entry = Entry(work, run, path, now, plain_outputs(outputs) or {}, seen)
        self._write(entry_uri(*self._place, work.key), entry)

    def entries(self) -> Iterator[Entry]:
        """All entries, in no order; those that are damaged are left out. Raises StoreError."""
        for uri in self._uris(entry_uri):
            if entry := self._sound(uri, Entry):
                yield entry

    def prune(self, before: datetime | None) -> int:
        """Remove the entries made before that moment (None: all), and all that are damaged; how many there were.

        The artifacts stay with their runs. Raises StoreError.
        """
        left: set[str] = set()
        removed = 0
        for uri in self._uris(entry_uri):
            entry = self._sound(uri, Entry)
            if entry is not None and before is not None and entry.made >= before:
                left.add(entry.work.key)
            else:
                removed += remove(self._stores, uri)
        for uri in self._uris(latest_uri):
            work = self._sound(uri, Work)
            if work is None or work.key not in left:
                remove(self._stores, uri)
        return removed

    def _find(self, work: Work, component: Component, policy: Cache, now: datetime) -> Answer:
        try:
            entry = self._read(entry_uri(*self._place, work.key), Entry)
        except DamagedEntryError:
            return Miss(OUTPUTS_GONE)
        if entry is None:
            return Miss(difference(work, self._nearest(work)))
        if is_stale(entry, policy.max_staleness, now):
            return Miss(EXPIRED)
        if not all(self._stands(uri, seen) for uri, seen in entry.seen.items()):
            return Miss(OUTPUTS_GONE)
        return Hit(read_outputs(component.outputs, entry.outputs), f"{entry.path} of {entry.run}")

    def _uris(self, place: Callable[[str, str, str], str]) -> list[str]:
        folder = place(*self._place, "")
        return [f"{folder}{file.name}" for file in find(self._stores, self._stores.reading(folder.rstrip("/")))]

    def _nearest(self, work: Work) -> Work | None:
        found = (self._sound(latest_uri(*self._place, kin), Work) for kin in work.kin)
        return next((nearest for nearest in found if nearest), None)

    def _sound(self, uri: str, kind: type[Kept]) -> Kept | None:
        """The object at `uri`; None where it is damaged, too."""
        try:
            return self._read(uri, kind)
        except DamagedEntryError:
            return None

    def _seen(self, artifact: Artifact) -> str:
        seen = fingerprint(self._stores, artifact.uri).digest
        if artifact.digest and is_fingerprint(artifact.digest) and seen != artifact.digest:
            raise UnverifiableError(f"{artifact.uri} changed after it was recorded")
        return seen

    def _stands(self, uri: str, seen: str) -> bool:
        try:
            return fingerprint(self._stores, uri).digest == seen
        except (InputGoneError, UnverifiableError):
            return False

    def _read(self, uri: str, kind: type[Kept]) -> Kept | None:
        """The object at `uri`, if there is one. Raises DamagedEntryError."""
        try:
            body, _, closing = get_bytes(self._stores, uri, _LIMIT).rpartition(b"\n")
            if closing.decode(errors="replace") != bytes_digest(body):
                raise DamagedEntryError(f"{uri} is damaged")
            return msgspec.json.decode(body, type=kind)
        except InputGoneError:
            return None
        except (msgspec.DecodeError, TooLargeError) as error:
            raise DamagedEntryError(f"{uri}: {error}") from None

    def _write(self, uri: str, kept: Entry | Work) -> None:
        body = msgspec.json.encode(kept)
        put_bytes(self._stores, uri, body + b"\n" + bytes_digest(body).encode())
