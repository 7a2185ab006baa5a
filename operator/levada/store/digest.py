"""Digests of files and folders.

A file's digest is `sha256:` and the SHA-256 of its content in hex.

A folder's digest is `sha256:` and the SHA-256 of this text: the line `levada folder 1`, ended by a newline; then for
each file, ordered by the bytes of its path, `<sha256 of its content in hex> <size in bytes> <path>` ended by a NUL.
Paths are relative to the folder, with slashes, in UTF-8. The first line keeps folders and files apart.

Nothing else counts: not modes, not times, not owners, and not empty folders, which object stores do not have. A folder
without any file has a digest of its own, `EMPTY_FOLDER`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX: Final = "sha256:"
_HEADER: Final = b"levada folder 1\n"


class FileDigest(NamedTuple):
    """One file of a folder: its relative path, its size and its content's digest."""

    name: str
    size: int
    digest: str


class Content(NamedTuple):
    """What was moved, or what stands somewhere: a digest over all of it, its bytes and the number of its files."""

    digest: str
    size: int
    files: int


def bytes_digest(data: bytes) -> str:
    """The digest of a file with this content."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def folder_content(files: Iterable[FileDigest]) -> Content:
    """Digest, size and number of the `files` of a folder, whatever their order."""
    known = sorted(files, key=lambda file: file.name.encode())
    total = hashlib.sha256(_HEADER)
    for file in known:
        total.update(f"{file.digest.removeprefix(PREFIX)} {file.size} {file.name}\0".encode())
    return Content(PREFIX + total.hexdigest(), sum(file.size for file in known), len(known))


EMPTY_FOLDER: Final = folder_content([]).digest
"""The digest of a folder without files."""
