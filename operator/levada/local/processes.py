"""The engine's side of the starter: asks for processes, hears of their ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from levada.local import starter
from levada.local.errors import StarterLostError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt's process runs since `at` (seconds since 1970)."""

    attempt: str
    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt's process and all it left behind are gone; a negative `code` is the signal that killed it."""

    attempt: str
    code: int
    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class Unstartable:
    """The process could not be started: `errno` and what it means."""

    attempt: str
    errno: int
    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """An attempt that was stopped for good is gone."""

    attempt: str


Event = Started | Ended | Unstartable | Stopped
_EVENTS: dict[str, type[Event]] = {"started": Started, "ended": Ended, "failed": Unstartable, "stopped": Stopped}


class Processes:
    """All processes of one engine.

    Parameters
    ----------
    attempts
        Descriptor of the file of attempts, open for appending.
    lock
        Descriptor of a locked file; the lock is held until the last process is gone, whatever becomes of the engine.
        Both are the caller's to close.
    parallelism
        Processes at once; more of them wait.
    """

    def __init__(self, attempts: int, lock: int, parallelism: int) -> None:
        self.channel, theirs = socket.socketpair()
        numbers = [theirs.fileno(), attempts, lock]
        with theirs:
            # -S -I: no site-packages and no settings of the user's; it starts in a fraction of the time.
            self._starter = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", starter.__file__, *map(str, [*numbers, parallelism])],
                pass_fds=numbers,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
        self._buffer = b""

    def start(self, attempt: str, argv: Sequence[str], environment: dict[str, str], folder: str, log: str) -> None:
        """Start a process in `folder` as soon as there is room; `environment` goes on top of the engine's own.

        If it prints anything, the file `log` has it in the end.
        """
        self._send("start", attempt, list(argv), environment, folder, log)

    def stop(self, attempt: str, grace: float, *, for_good: bool = False) -> None:
        """Send SIGTERM to an attempt's processes, and SIGKILL after `grace` seconds.

        Asked again, the shorter grace holds. With `for_good` its end is not noted: the run goes on some other day.
        """
        self._send("stop", attempt, grace, for_good)

    def receive(self) -> list[Event]:
        """What happened; blocks until something did.

        Raises
        ------
        StarterLostError
            When the starter is gone.
        """
        try:
            data = self.channel.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise StarterLostError("the process that starts tasks was killed; run it again under the same name")
        self._buffer += data
        messages, self._buffer = starter.unpacked(self._buffer)
        return [_EVENTS[kind](*fields) for kind, *fields in messages]

    def close(self) -> None:
        """Kill what still runs, and wait until all of it is gone."""
        with suppress(OSError), self.channel:
            self.channel.shutdown(socket.SHUT_WR)
            self.channel.settimeout(_PATIENCE)  # Something may hang in the kernel; the lock stays taken until it ends.
            while self.channel.recv(1 << 18):
                pass
            self._starter.wait()

    def _send(self, *message: Any) -> None:
        with suppress(BrokenPipeError):  # Then the next `receive` says so.
            self.channel.sendall(starter.packed(message))
