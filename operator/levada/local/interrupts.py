"""Ctrl-C and its relatives, counted instead of raised, so that they are answered between two things and not within."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Counts signals while it is entered; `bell` becomes readable with each, and with each `ring`."""

    def __init__(self) -> None:
        self.count = 0
        self.bell, self._ringer = socket.socketpair()
        self.bell.settimeout(0)
        self._ringer.settimeout(0)
        self._before: dict[int, Any] = {}
        self._fd_before = -1

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background: they mean it.
                self._before[number] = signal.signal(number, self._note)
        self._fd_before = signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.bell.close()
        self._ringer.close()

    def ring(self) -> None:
        """Make `bell` readable, from any thread."""
        with suppress(OSError):  # Full: it rings already. Closed: nobody listens any more.
            self._ringer.send(b"\0")

    def silence(self) -> None:
        """Wait for the next ring."""
        with suppress(BlockingIOError):
            while self.bell.recv(4096):
                pass

    def _note(self, *_: Any) -> None:
        self.count += 1
