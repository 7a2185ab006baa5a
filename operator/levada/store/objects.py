"""Small things done to objects: listing, reading and writing what fits into memory, removing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import obstore

from levada.store.errors import InputGoneError, TooLargeError, UnsafeKeyError
from levada.store.failures import asking
from levada.store.uri import LONGEST_KEY

if TYPE_CHECKING:
    from levada.store.stores import Place, Stores


class Found(NamedTuple):
    """One object: its path below the place that was asked for ("" for the place itself), its size and its version."""

    name: str
    size: int
    version: str | None


def find(stores: Stores, place: Place) -> list[Found]:
    """What stands at `place`: one object without a name, else all objects below it by name, else nothing.

    Placeholders of folders, which consoles create, are left out.
    """
    if place.key:
        try:
            with asking(stores, place.uri):
                meta = obstore.head(place.store, place.key)
            return [Found("", meta["size"], meta["e_tag"] or meta["version"])]
        except InputGoneError:
            pass
    found: list[Found] = []
    cut = len(place.key) + 1 if place.key else 0
    try:
        with asking(stores, place.uri):
            for page in obstore.list(place.store, place.key or None, chunk_size=1000):
                found += [Found(meta["path"][cut:], meta["size"], meta["e_tag"] or meta["version"]) for meta in page]
    except InputGoneError:
        return []
    folders = {file.name.rpartition("/")[0] for file in found}
    return sorted(file for file in found if file.name and (file.size or file.name not in folders))


def put_bytes(stores: Stores, uri: str, data: bytes) -> None:
    """Write one object, replacing what stands there."""
    place = stores.writing(uri)
    check_length(place)
    with asking(stores, uri):
        obstore.put(place.store, place.key, data, use_multipart=False)


def get_bytes(stores: Stores, uri: str, limit: int) -> bytes:
    """The content of one object.

    Raises
    ------
    StoreError
        `InputGone` when there is none, `TooLarge` when it has more than `limit` bytes.
    """
    place = stores.reading(uri)
    with asking(stores, uri):
        result = obstore.get(place.store, place.key)
        size = result.meta["size"]
        data = bytes(result.bytes()) if size <= limit else b""
    if size > limit:
        raise TooLargeError(f"{uri} has {size} bytes; at most {limit} are read here")
    return data


def exists(stores: Stores, uri: str) -> bool:
    """Whether an object, or at least one object below it, stands at `uri`."""
    return bool(find(stores, stores.reading(uri)))


def remove(stores: Stores, uri: str) -> int:
    """Delete the object at `uri` and all objects below it; how many there were."""
    place = stores.writing(uri)
    removed = 0
    while found := find(stores, place):
        keys = [place.below(file.name).key if file.name else place.key for file in found]
        with asking(stores, uri):
            obstore.delete(place.store, keys)
        removed += len(keys)
    return removed


def check_length(place: Place) -> None:
    """Refuse a key that is too long for an object store before anything is sent."""
    if len(place.key.encode()) > LONGEST_KEY:
        raise UnsafeKeyError(f"{place.uri}: the key is longer than {LONGEST_KEY} bytes; shorten the file's path")
