"""The small process that starts tasks for the engine, and that outlives it just long enough to end them.

It runs as a program of its own (`python -I -S starter.py CHANNEL ATTEMPTS LOCK`, all file descriptors) and imports
next to nothing: starting a process from a small one is cheap. It adopts the orphans that tasks leave behind, so none
of their descendants gets away. When the engine's end of the channel closes, whatever the reason, it kills all tasks.

Each start and each end is written to the file of attempts before the engine hears of it. So after a crash the engine
knows which processes to look for, and which attempts had ended already:

    S <pid> <start ticks> <attempt>
    E <exit code> <time of start> <time of end> <attempt>

The channel carries marshalled tuples, each after its length in four bytes.
"""

from __future__ import annotations

import ctypes
import fcntl
import marshal
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    from typing import Any

TOKEN = "LEVADA_LOCAL"  # noqa: S105  # the name of a variable
"""Tells whose a process is, in its environment: `<run uid>/<attempt>`."""

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
_LENGTH = 4
_POLL = 0.005
_DRAIN = 10.0
"""Seconds that killed processes may take to vanish; in uninterruptible sleep they never do."""


class Task:
    """One attempt's process; `silent` once its end is nobody's business any more."""

    def __init__(self, attempt: str, token: bytes, process: subprocess.Popen[bytes]) -> None:
        self.attempt = attempt
        self.token = token
        self.process = process
        self.started = time.time()
        self.code = 0
        self.ended = 0.0
        self.kill_at: float | None = None
        self.silent = False


class Starter:
    """Starts, stops and reaps; one thread."""

    def __init__(self, channel: socket.socket, attempts: int) -> None:
        self._channel = channel
        self._attempts = attempts
        self._buffer = b""
        self._tasks: dict[int, Task] = {}
        self._draining: list[Task] = []
        self._wake, wake_writer = socket.socketpair()
        for end in (self._wake, wake_writer):
            end.settimeout(0)
        signal.set_wakeup_fd(wake_writer.fileno(), warn_on_full_buffer=False)
        self._keep = wake_writer
        self._environment = dict(os.environ)

    def serve(self) -> None:
        """Work until the engine is gone and all tasks have ended."""
        alive = True
        while alive or self._tasks or self._draining:
            sources = [self._wake, self._channel] if alive else [self._wake]
            readable, _, _ = select.select(sources, [], [], self._timeout())
            if self._wake in readable:
                with suppress(BlockingIOError):
                    self._wake.recv(4096)
            self._reap()
            if self._channel in readable and not self._receive():
                alive = False
                self._reap()
                self._kill_all()
            self._kill_late()
        self._kill_orphans(None)

    def _timeout(self) -> float | None:
        if self._draining:
            return _POLL
        deadlines = [task.kill_at for task in self._tasks.values() if task.kill_at is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _receive(self) -> bool:
        try:
            data = self._channel.recv(1 << 20)
        except ConnectionResetError:
            return False
        self._buffer += data
        messages, self._buffer = unpacked(self._buffer)
        for kind, *fields in messages:
            if kind == "start":
                self._start(*fields)
            else:
                self._stop(*fields)
        return bool(data)

    def _send(self, *message: object) -> None:
        with suppress(OSError):  # The engine is gone: the next read says so.
            self._channel.sendall(packed(message))

    def _start(self, attempt: str, argv: list[str], more: dict[str, str], folder: str, log: str) -> None:
        environment = self._environment | more
        output = -1
        try:
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
            process = subprocess.Popen(  # noqa: S603  # what a component says is run
                argv,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            self._send("failed", attempt, getattr(error, "errno", 0) or 0, getattr(error, "strerror", "") or str(error))
            return
        finally:
            if output >= 0:
                os.close(output)
        task = Task(attempt, f"{TOKEN}={more[TOKEN]}".encode(), process)
        self._tasks[process.pid] = task
        self._note(f"S {process.pid} {start_ticks(process.pid)} {attempt}")
        self._send("started", attempt, task.started)

    def _stop(self, attempt: str, grace: float, silent: bool) -> None:  # noqa: FBT001  # a message's field
        for pid, task in self._tasks.items():
            if task.attempt == attempt:
                task.silent |= silent
                if task.kill_at is None:
                    _kill_group(pid, signal.SIGTERM)
                task.kill_at = time.monotonic() + grace
        for task in self._draining:
            if task.attempt == attempt:
                task.silent |= silent

    def _kill_late(self) -> None:
        for pid, task in self._tasks.items():
            if task.kill_at is not None and task.kill_at <= time.monotonic():
                task.kill_at = None
                _kill_group(pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        for pid, task in self._tasks.items():
            task.silent = True
            task.kill_at = None
            _kill_group(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            task = self._tasks.pop(pid, None)
            if task is None:
                continue  # An orphan.
            task.code = task.process.returncode = os.waitstatus_to_exitcode(status)
            task.ended = time.time()
            task.kill_at = time.monotonic() + _DRAIN
            self._draining.append(task)
        self._draining = [task for task in self._draining if not self._is_drained(task)]

    def _is_drained(self, task: Task) -> bool:
        """End what is left of a task whose first process has ended, as the end of a container does."""
        left = _kill_group(task.process.pid, signal.SIGKILL) | self._kill_orphans(task)
        if left and task.kill_at is not None and time.monotonic() < task.kill_at:
            return False
        if not task.silent:
            self._note(f"E {task.code} {task.started} {task.ended} {task.attempt}")
            self._send("ended", task.attempt, task.code, task.started, task.ended)
        else:
            self._send("stopped", task.attempt)
        return True

    def _kill_orphans(self, task: Task | None) -> bool:
        """Kill children that are no task's first process: those of `task`, which left its group, or of any."""
        try:
            with open(f"/proc/self/task/{os.getpid()}/children", "rb") as listing:  # noqa: PTH123  # pathlib is slow
                children = [int(pid) for pid in listing.read().split()]
        except OSError:
            return False
        found = False
        for pid in children:
            if pid not in self._tasks and (task is None or task.token in environment_of(pid)):
                found = True
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        return found

    def _note(self, line: str) -> None:
        with suppress(OSError):  # A full disk: the engine meets it too, and ends the run.
            os.write(self._attempts, f"{line}\n".encode())


def packed(message: tuple[Any, ...]) -> bytes:
    """`message` as it goes over the channel."""
    data = marshal.dumps(message)
    return len(data).to_bytes(_LENGTH, "big") + data


def unpacked(data: bytes) -> tuple[list[tuple[Any, ...]], bytes]:
    """The whole messages in `data`, and what is left of it."""
    messages = []
    at = 0
    while len(data) >= at + _LENGTH:
        end = at + _LENGTH + int.from_bytes(data[at : at + _LENGTH], "big")
        if len(data) < end:
            break
        messages.append(marshal.loads(data[at + _LENGTH : end]))  # noqa: S302  # the other end is our own
        at = end
    return messages, data[at:]


def start_ticks(pid: int) -> int:
    """When a process started, in ticks since the machine did: with the pid it names a process for good. 0: unknown."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123  # pathlib is slow
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def environment_of(pid: int) -> list[bytes]:
    """The environment a process was started with, as `NAME=value`; empty where it may not be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: PTH123  # pathlib is slow
            return environ.read().split(b"\0")
    except OSError:
        return []


def _kill_group(group: int, number: int) -> bool:
    """Signal a process group; whether there was anyone in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def main() -> None:
    """Serve the engine at the other end of the channel."""
    channel, attempts, lock = (int(number) for number in sys.argv[1:])
    for descriptor in (channel, attempts, lock):
        os.set_inheritable(descriptor, False)  # noqa: FBT003
    fcntl.flock(lock, fcntl.LOCK_EX)  # Ours already: the engine took it for us.
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # Not ignored, or tasks would ignore them too.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    Starter(socket.socket(fileno=channel), attempts).serve()


if __name__ == "__main__":
    main()
