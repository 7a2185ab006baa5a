"""Clearing the folders of runs that are gone: marked when the run begins, swept when nothing needs them any more.

A folder without its mark is never touched. The mark goes last, so that a sweep that was interrupted is ended by the
next one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
import obstore

from levada.planner.locations import MARK, entry_uri, mark_uri, namespace_root, run_root
from levada.store.errors import InputGoneError
from levada.store.failures import asking
from levada.store.objects import find, get_bytes, put_bytes

if TYPE_CHECKING:
    from levada.store.stores import Stores

_UID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_LIMIT: Final = 65_536
"""Bytes of a mark that are read."""
_ENTRY_LIMIT: Final = 64 << 20


class Mark(msgspec.Struct, frozen=True, rename="camel"):
    """What stands in a mark: whose folder it is, and that it goes with its run."""

    uid: str
    namespace: str
    run: str
    artifact_policy: str = "Delete"


def put_mark(stores: Stores, namespace: str, uid: str, run: str) -> None:
    """Write that the folder of the run with `uid` goes with it. Raises StoreError."""
    mark = msgspec.json.encode(Mark(uid, namespace, run))
    put_bytes(stores, mark_uri(run_root(_url(stores), namespace, uid)), mark)


def is_marked(stores: Stores, namespace: str, uid: str) -> bool:
    """Whether the folder of the run with `uid` goes with its run: a mark that was copied there does not count."""
    try:
        data = get_bytes(stores, mark_uri(run_root(_url(stores), namespace, uid)), _LIMIT)
        mark = msgspec.json.decode(data, type=Mark)
    except (InputGoneError, msgspec.DecodeError):
        return False
    return (mark.uid, mark.namespace, mark.artifact_policy) == (uid, namespace, "Delete")


def run_folders(stores: Stores, namespace: str) -> set[str]:
    """The UIDs of the runs that have a folder in the store. Raises StoreError."""
    place = stores.writing(namespace_root(_url(stores), namespace))
    try:
        with asking(stores, place.uri):
            folders = obstore.list_with_delimiter(place.store, place.key)["common_prefixes"]
    except InputGoneError:
        return set()
    names = (folder.rstrip("/").rpartition("/")[2] for folder in folders)
    return {name for name in names if re.fullmatch(_UID, name)}


def cached_runs(stores: Stores, namespace: str) -> set[str]:
    """The UIDs of the runs into whose folders the namespace's cache entries point. Raises StoreError."""
    root = entry_uri(_url(stores), namespace, "").rstrip("/")
    found: set[str] = set()
    for entry in find(stores, stores.writing(root)):
        with suppress(InputGoneError):  # pruned meanwhile
            text = get_bytes(stores, f"{root}/{entry.name}", _ENTRY_LIMIT).decode(errors="replace")
            found |= runs_in(text, namespace)
    return found


def sweep(stores: Stores, namespace: str, uid: str, go_on: Callable[[], None] = lambda: None) -> int:
    """Delete everything in the folder of the run with `uid`; how many objects there were.

    Parameters
    ----------
    stores, namespace, uid
        Whose folder.
    go_on
        Called before each request that deletes; what it raises ends the sweep there.

    Raises
    ------
    StoreError
        When the store does not do it; what is left stays for the next sweep.
    """
    place = stores.writing(run_root(_url(stores), namespace, uid))
    mark = f"{place.key}/{MARK}"
    removed = 0
    try:
        with asking(stores, place.uri):
            for page in obstore.list(place.store, place.key, chunk_size=1000):
                keys = [meta["path"] for meta in page if meta["path"] != mark]
                if keys:
                    go_on()
                    obstore.delete(place.store, keys)
                    removed += len(keys)
            go_on()
            obstore.delete(place.store, [mark])
    except InputGoneError:
        pass  # somebody else removes the same: what is left by both still has its mark
    return removed


def runs_in(text: str, namespace: str) -> set[str]:
    """The UIDs of all runs into whose folders a text (JSON with URIs in it) points."""
    return set(re.findall(rf"/{re.escape(namespace)}/({_UID})(?![-0-9a-z])", text))


def _url(stores: Stores) -> str:
    assert stores.url, "only a store that is configured is swept"
    return stores.url
