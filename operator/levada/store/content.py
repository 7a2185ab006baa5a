"""Whether an artifact still is what was recorded: read through, kept nowhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import obstore

from levada.planner.handoff import NOTHING
from levada.store.digest import EMPTY_FOLDER, PREFIX, Content, FileDigest, folder_content
from levada.store.errors import InputGoneError
from levada.store.failures import asking
from levada.store.fingerprint import fingerprint, is_fingerprint
from levada.store.objects import find

if TYPE_CHECKING:
    from levada.store.stores import Place, Stores


def holds(stores: Stores, uri: str, digest: str) -> bool:
    """Whether what stands at `uri` has this digest (of content, or of a listing).

    Raises
    ------
    StoreError
        When that cannot be told.
    """
    try:
        found = fingerprint(stores, uri) if is_fingerprint(digest) else content(stores, uri)
    except InputGoneError:
        return digest in (EMPTY_FOLDER, NOTHING)
    return found.digest == digest


def content(stores: Stores, uri: str) -> Content:
    """The digest over all that stands at `uri`, its bytes and the number of its files. Raises StoreError."""
    place = stores.reading(uri)
    found = find(stores, place)
    if not found:
        raise InputGoneError(f"nothing stands at {uri}")
    if not found[0].name:
        file = _read(stores, place, "")
        return Content(file.digest, file.size, 1)
    return folder_content(_read(stores, place.below(item.name), item.name) for item in found)


def _read(stores: Stores, place: Place, name: str) -> FileDigest:
    sha256, size = hashlib.sha256(), 0
    with asking(stores, place.uri):
        for chunk in obstore.get(place.store, place.key).stream():
            sha256.update(chunk)
            size += len(chunk)
    return FileDigest(name, size, PREFIX + sha256.hexdigest())
