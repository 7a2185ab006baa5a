"""URIs of objects: what we take, and how one is read.

After `s3://bucket/`, `gs://bucket/` and `az://container/` the key stands as it is: nobody's tools decode it there.
`file://` URIs are decoded, because that is how `Path.as_uri()` writes them; a plain absolute path is a file too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from levada.store.errors import UriRefusedError

SCHEMES: Final = ("s3", "gs", "az", "file")
LONGEST_KEY: Final = 1024
"""Bytes that every object store takes as a key."""

LONGEST_NAME: Final = 255
"""Bytes that a file system takes as a name."""

_BUCKET: Final = re.compile(r"[A-Za-z0-9._$-]+")
_LOCAL_TROUBLE: Final = re.compile(r"(?:\||#\d+)$")


class Uri(NamedTuple):
    """A URI in parts; `bucket` is empty for files, `key` has no slash at either end."""

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        if self.scheme == "file":
            return f"file:///{quote(self.key)}"
        return f"{self.scheme}://{self.bucket}/{self.key}".rstrip("/")

    def is_under(self, root: Uri) -> bool:
        """Whether this is `root` or stands below it, by whole segments: `team-ab` is not under `team-a`."""
        inside = not root.key or self.key == root.key or self.key.startswith(f"{root.key}/")
        return (self.scheme, self.bucket) == (root.scheme, root.bucket) and inside


def parse_uri(uri: str) -> Uri:
    """The parts of `uri`.

    Raises
    ------
    UriRefusedError
        When `uri` is of a scheme that we do not know or holds a key that could mean another place.
    """
    scheme, bucket, key = ("file", "", uri) if uri.startswith("/") else _split(uri)
    key = key.strip("/")
    if key and (fault := key_fault(key)):
        raise UriRefusedError(f"{uri!r} {fault}")
    return Uri(scheme, bucket, key)


def _split(uri: str) -> tuple[str, str, str]:
    scheme, separator, rest = uri.partition("://")
    if not separator or scheme not in SCHEMES:
        raise UriRefusedError(f"{uri!r} is not the URI of an artifact; use s3://, gs://, az:// or file:///")
    bucket, _, key = rest.partition("/")
    if scheme == "file":
        if bucket not in ("", "localhost"):
            raise UriRefusedError(f"{uri!r} names a host; a file URI has three slashes: file:///{rest}")
        return scheme, "", unquote(key, errors="strict")
    if not bucket:
        raise UriRefusedError(f"{uri!r} names no bucket")
    if not _BUCKET.fullmatch(bucket):
        raise UriRefusedError(f"{uri!r} names no bucket that can be: its name may hold letters, digits and '-._$'")
    return scheme, bucket, key


def key_fault(key: str) -> str | None:
    """Why `key`, a relative path, cannot name one object that is also one file; None when it can."""
    segments = key.split("/")
    if any(part in ("", ".", "..") for part in segments):
        return "has an empty, '.' or '..' segment"
    if any(unicodedata.category(char) == "Cc" for char in key):
        return "holds a control character"
    try:
        longest = max(len(part.encode()) for part in segments)
    except UnicodeEncodeError:
        return "is not UTF-8 text"
    if longest > LONGEST_NAME:
        return f"has a segment of more than {LONGEST_NAME} bytes"
    return None


def name_fault(name: str) -> str | None:
    """Why `name`, a file's path in an output folder, cannot be stored everywhere; None when it can.

    Stricter than `key_fault`, and the same for every store, so that what works on a laptop works on a cluster.
    """
    if fault := key_fault(name):
        return fault
    if len(name.encode()) > LONGEST_KEY:
        return f"is longer than {LONGEST_KEY} bytes"
    if "\\" in name:
        return "holds a backslash, which some stores read as a slash"
    # obstore's local store writes `name#1` first and does not list such names; it also misreads `name|`.
    if any(_LOCAL_TROUBLE.search(part) for part in name.split("/")):
        return "has a segment that ends in '|' or in '#' and digits"
    return None
