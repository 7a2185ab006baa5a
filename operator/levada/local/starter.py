"""The small process that starts tasks for the engine, and that outlives it just long enough to end them.

It runs as a program of its own (`python -I -S starter.py CHANNEL ATTEMPTS LOCK LIMIT`, three file descriptors and how
many tasks may run at once) and imports next to nothing: starting a process from a small one is cheap. It adopts the
orphans that tasks leave behind, so none of their descendants gets away. When the engine's end of the channel closes,
whatever the reason, it kills all tasks.

Each start (but of a task that ends within a blink) and each end is written to the file of attempts before the engine
hears of it. So after a crash the engine knows which processes to look for, and which attempts had ended already:

    S <pid> <start ticks> <slot> <attempt>
    E <exit code> <time of start> <time of end> <attempt>

Making a file takes a disk longer than running a small program. So tasks print into a few files, one for each that runs
at once (`slot-0`, `slot-1`, ...); at its end a task's file gets its name if there is anything in it, and is used again
if not.

The channel carries marshalled tuples, each after its length in four bytes.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import marshal
import os
import select
import signal
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
_LOG_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_POLL = 0.005
_DELAY = 0.02
_DRAIN = 10.0
"""Seconds that killed processes may take to vanish; in uninterruptible sleep they never do."""


class Task:
    """One attempt's process; `silent` once its end is nobody's business any more."""

    def __init__(self, attempt: str, token: bytes, pid: int, slot: int, log: str) -> None:
        self.attempt = attempt
        self.token = token
        self.pid = pid
        self.slot = slot
        self.log = log
        self.started = time.time()
        self.code = 0
        self.ended = 0.0
        self.kill_at: float | None = None
        self.silent = False


class Starter:
    """Starts, stops and reaps; one thread."""

    def __init__(self, channel: int, attempts: int, limit: int) -> None:
        self._channel = channel
        self._attempts = attempts
        self._limit = limit
        self._buffer = b""
        self._unsent = b""
        self._fresh: list[Task] = []
        self._tell_at: float | None = None
        self._waiting: dict[str, tuple[Any, ...]] = {}
        self._programs: dict[tuple[str, bytes], str] = {}
        self._tasks: dict[int, Task] = {}
        self._draining: list[Task] = []
        self._wake, wake_writer = os.pipe()
        for end in (self._wake, wake_writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        self._environment = dict(os.environb)

    def serve(self) -> None:
        """Work until the engine is gone and all tasks have ended."""
        alive = True
        while alive or self._tasks or self._draining:
            sources = [self._wake, self._channel] if alive else [self._wake]
            readable, _, _ = select.select(sources, [], [], self._timeout())
            if self._wake in readable:
                with suppress(BlockingIOError):
                    os.read(self._wake, 4096)
            self._reap()
            if self._channel in readable and not self._receive():
                alive = False
                self._reap()
                self._tell()
                self._kill_all()
            self._start_waiting()
            self._kill_late()
            if self._tell_at is not None and time.monotonic() >= self._tell_at:
                self._tell()
        self._kill_orphans(None)

    def _timeout(self) -> float | None:
        if self._draining:
            return _POLL
        deadlines = [task.kill_at for task in self._tasks.values() if task.kill_at is not None]
        if self._tell_at is not None:
            deadlines.append(self._tell_at)
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _receive(self) -> bool:
        try:
            data = os.read(self._channel, 1 << 20)
        except ConnectionResetError:
            return False
        self._buffer += data
        messages, self._buffer = unpacked(self._buffer)
        for kind, *fields in messages:
            if kind == "start":
                self._waiting[fields[0]] = tuple(fields)
            else:
                self._stop(*fields)
        return bool(data)

    def _send(self, *message: Any) -> None:
        self._unsent += packed(message)
        self._flush()

    def _flush(self) -> None:
        with suppress(OSError):  # The engine is gone: the next read says so.
            while self._unsent:
                self._unsent = self._unsent[os.write(self._channel, self._unsent) :]
        self._unsent = b""

    def _tell(self) -> None:
        """Note the tasks that started lately and still run. Of most small ones only the end is ever told."""
        for task in self._fresh:
            if self._tasks.get(task.pid) is task:
                self._note(f"S {task.pid} {start_ticks(task.pid)} {task.slot} {task.attempt}")
                self._unsent += packed(("started", task.attempt, task.started))
        self._fresh.clear()
        self._tell_at = None
        self._flush()

    def _start_waiting(self) -> None:
        while self._waiting and len(self._tasks) + len(self._draining) < self._limit:
            self._start(*self._waiting.pop(next(iter(self._waiting))))

    def _start(self, attempt: str, argv: list[str], more: dict[str, str], folder: str, log: str) -> None:
        environment = self._environment | {os.fsencode(name): os.fsencode(value) for name, value in more.items()}
        slot = self._free_slot()
        try:
            os.chdir(folder)
            # Several times faster than subprocess.
            pid = os.posix_spawn(
                self._program(argv[0], environment.get(b"PATH", b"")),
                argv,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, slot_file(log, slot), _LOG_FLAGS, 0o644),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores these.
            )
        except (OSError, ValueError) as error:
            self._send("failed", attempt, getattr(error, "errno", 0) or 0, getattr(error, "strerror", "") or str(error))
            return
        task = Task(attempt, f"{TOKEN}={more[TOKEN]}".encode(), pid, slot, log)
        self._tasks[pid] = task
        self._fresh.append(task)
        self._tell_at = self._tell_at or time.monotonic() + _DELAY

    def _program(self, command: str, path: bytes) -> str:
        known = self._programs.get((command, path))
        if known is None or not os.access(known, os.X_OK):
            known = self._programs[command, path] = find_program(command, path)
        return known

    def _free_slot(self) -> int:
        taken = {task.slot for task in (*self._tasks.values(), *self._draining)}
        return next(number for number in range(len(taken) + 1) if number not in taken)

    def _stop(self, attempt: str, grace: float, silent: bool) -> None:  # noqa: FBT001  # a message's field
        self._tell()
        if self._waiting.pop(attempt, None):
            self._send("stopped", attempt)
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
        self._waiting.clear()
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
            task.code = os.waitstatus_to_exitcode(status)
            task.ended = time.time()
            task.kill_at = time.monotonic() + _DRAIN
            self._draining.append(task)
        self._draining = [task for task in self._draining if not self._is_drained(task)]

    def _is_drained(self, task: Task) -> bool:
        """End what is left of a task whose first process has ended, as the end of a container does."""
        left = _kill_group(task.pid, signal.SIGKILL) | self._kill_orphans(task)
        if left and task.kill_at is not None and time.monotonic() < task.kill_at:
            return False
        with suppress(OSError):
            if os.stat(slot_file(task.log, task.slot)).st_size:  # noqa: PTH116  # pathlib is slow
                os.rename(slot_file(task.log, task.slot), task.log)  # noqa: PTH104
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


def slot_file(log: str, slot: int) -> str:
    """Where a task in `slot` prints to whose log will be `log`; no attempt has a name without a dot."""
    return f"{log.rpartition('/')[0]}/slot-{slot}"


def find_program(command: str, path: bytes) -> str:
    """Where `command` is: as it stands if it has a slash, else the first program of that name in `path`.

    Raises
    ------
    OSError
        There is none, or it may not be executed.
    """
    if "/" in command:
        return command
    found_file = False
    for folder in os.fsdecode(path).split(os.pathsep):
        candidate = f"{folder or '.'}/{command}"
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):  # noqa: PTH112  # pathlib is slow
            return candidate
        found_file |= os.path.isfile(candidate)  # noqa: PTH113
    number = errno.EACCES if found_file else errno.ENOENT
    raise OSError(number, os.strerror(number))


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
    channel, attempts, lock, limit = (int(number) for number in sys.argv[1:])
    for descriptor in (channel, attempts, lock):
        os.set_inheritable(descriptor, False)  # noqa: FBT003
    fcntl.flock(lock, fcntl.LOCK_EX)  # Ours already: the engine took it for us.
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # Not ignored, or tasks would ignore them too.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    Starter(channel, attempts, limit).serve()
    os._exit(0)  # The engine waits: nothing of ours needs tidying.


if __name__ == "__main__":
    main()
