"""What the agent says on stderr: one short line per thing done, and how far a long transfer is."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from levada.store.digest import Content

EVERY: Final = 10.0
"""Seconds between two lines about one transfer."""

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP: Final = 1024


def say(text: str) -> None:
    """Print one line with the time."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


class Transfer:
    """Follows one transfer: call it with every number of bytes moved, from any thread, and `done` at the end.

    Parameters
    ----------
    what
        What moves, such as `staging input 'data'`.
    total
        Its bytes where they are known.
    """

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what = what
        self._total = total
        self._moved = 0
        self._lock = threading.Lock()
        self._started = self._said = time.monotonic()
        say(what if total is None else f"{what}: {amount(total)}")

    def __call__(self, count: int) -> None:
        """Note that `count` more bytes were moved."""
        with self._lock:
            self._moved += count
            now = time.monotonic()
            if now - self._said < EVERY:
                return
            self._said = now
            moved = self._moved
        share = f" of {amount(self._total)} ({100 * moved // self._total}%)" if self._total else ""
        say(f"{self._what}: {amount(moved)}{share}, {amount(int(moved / (now - self._started)))}/s")

    def done(self, content: Content) -> None:
        """Say what was moved."""
        seconds = time.monotonic() - self._started
        files = "1 file" if content.files == 1 else f"{content.files} files"
        say(f"{self._what}: done, {files}, {amount(content.size)} in {seconds:.1f} s, {content.digest}")


def amount(count: int) -> str:
    """`count` bytes as people read them."""
    value, unit = float(count), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{count} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"
