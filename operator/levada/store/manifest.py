"""The manifest of an attempt: the list of its outputs, written last. Where it is missing, outputs are missing too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from levada.planner.handoff import Manifest
from levada.planner.locations import manifest_uri
from levada.store.digest import bytes_digest
from levada.store.errors import DigestMismatchError, InputGoneError, OutputsLostError
from levada.store.objects import get_bytes, put_bytes

if TYPE_CHECKING:
    from levada.store.stores import Stores

LIMIT: Final = 64 << 20
"""Bytes of a manifest that are read; values are limited long before."""


def write_manifest(stores: Stores, root: str, manifest: Manifest) -> str:
    """Write the manifest of the attempt whose folder is `root`; its digest."""
    data = msgspec.json.encode(manifest)
    put_bytes(stores, manifest_uri(root), data)
    return bytes_digest(data)


def read_manifest(stores: Stores, root: str, digest: str | None = None) -> Manifest:
    """The manifest of the attempt whose folder is `root`.

    Raises
    ------
    StoreError
        `OutputsLost` when there is none or it is not complete; `DigestMismatch` when it is not the one with `digest`.
    """
    uri = manifest_uri(root)
    try:
        data = get_bytes(stores, uri, LIMIT)
    except InputGoneError:
        raise OutputsLostError(
            f"{uri} was never written: the agent ended early; raise the component's outputGracePeriod"
        ) from None
    if digest and bytes_digest(data) != digest:
        raise DigestMismatchError(f"{uri} is not the manifest that the agent reported")
    try:
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise OutputsLostError(f"{uri} is not a manifest: {error}") from None
