"""Fingerprints: telling that something in a store changed without reading it.

A fingerprint is `listing:` and a SHA-256 over what a listing says: the path, the size and the ETag (or version) of each
object, ordered by path. It changes when any of them does, and it may change when they are written again unchanged.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from levada.store.digest import Content
from levada.store.errors import InputGoneError, UnverifiableError
from levada.store.objects import find

if TYPE_CHECKING:
    from collections.abc import Iterable

    from levada.store.objects import Found
    from levada.store.stores import Stores

_PREFIX: Final = "listing:"


def fingerprint(stores: Stores, uri: str) -> Content:
    """The fingerprint of the object or of all objects at `uri`, in `digest`, with their bytes and number.

    Raises
    ------
    StoreError
        `InputGone` when nothing stands there; `Unverifiable` when it has no versions.
    """
    found = find(stores, stores.reading(uri))
    if not found:
        raise InputGoneError(f"nothing stands at {uri}")
    return listing_content(found, uri)


def listing_content(found: Iterable[Found], uri: str) -> Content:
    """The fingerprint of what was found at `uri`."""
    total, size, count = hashlib.sha256(), 0, 0
    for file in sorted(found):
        if not file.version:
            raise UnverifiableError(f"{uri}: the store gives no ETag and no version, so a change would go unseen")
        total.update(f"{file.version} {file.size} {file.name}\0".encode())
        size += file.size
        count += 1
    return Content(_PREFIX + total.hexdigest(), size, count)


def is_fingerprint(digest: str) -> bool:
    """Whether `digest` is of a listing, not of content."""
    return digest.startswith(_PREFIX)
