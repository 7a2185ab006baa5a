"""How a run's tasks stand, in a file that only grows: what an engine did is there whatever happens to the engine.

A line is a task's row (an array, see `planner.encoding`), or the end of the run (an object). The last line about a task
counts. Nothing waits for the disk: what a power cut takes is made anew. A crash may cut the last line short; what
cannot be read is cut off before anything is added.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from levada.planner.encoding import Row


class End(msgspec.Struct, frozen=True):
    """How the run as a whole ended; `outputs` as JSON, `finished` as a timestamp."""

    phase: str
    reason: str
    message: str
    finished: str
    outputs: dict[str, Any]


_ENCODER = msgspec.json.Encoder()
_ROW = msgspec.json.Decoder(Row)
_END = msgspec.json.Decoder(End)


@dataclass(slots=True)
class Recorded:
    """What a journal holds: rows by path, the end, and how many of its bytes could be read."""

    rows: dict[str, Row] = field(default_factory=dict)
    end: End | None = None
    length: int = 0


def read_journal(path: Path) -> Recorded:
    """Everything up to the first line that cannot be read."""
    recorded = Recorded()
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
        try:
            if line.startswith(b"{"):
                recorded.end = _END.decode(line)
            else:
                row = _ROW.decode(line)
                recorded.rows[row.path] = row
        except msgspec.DecodeError:
            break
        if not line.endswith(b"\n"):
            break
        recorded.length += len(line)
    return recorded


class Journal:
    """The journal of one run, open for adding; `length` is what `read_journal` could read of it.

    Errors are the disk's own (`OSError`).
    """

    def __init__(self, path: Path, length: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._descriptor, length)

    def add(self, rows: list[Row]) -> None:
        """Note how tasks stand; after this no crash of ours loses it."""
        self._write(b"".join(_ENCODER.encode(row) + b"\n" for row in rows))

    def end(self, end: End) -> None:
        """Note the end."""
        self._write(_ENCODER.encode(end) + b"\n")

    def close(self) -> None:
        """Add no more."""
        os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
