"""Small files of text that a task wrote: read whole, and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from levada.store.errors import InvalidOutputError
from levada.store.links import open_found

if TYPE_CHECKING:
    from pathlib import Path

    from levada.store.links import FoundOutput

METADATA_LIMIT: Final = 64 << 10
"""Bytes of what is noted of one artifact."""


def read_text(path: Path, found: FoundOutput, limit: int, cure: str) -> str:
    """The text of a file of at most `limit` bytes; `cure` says what to do where it has more, or is no text.

    Raises
    ------
    StoreError
        It cannot be read, or is not as it should be.
    """
    with open_found(found, "") as source:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise InvalidOutputError(f"{path} has {found.size} bytes, more than {limit}; {cure}")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidOutputError(f"{path} is not UTF-8 text (byte {error.start}); {cure}") from None
