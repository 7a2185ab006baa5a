"""Processes that an engine left behind when it was killed: they are found and ended before anything starts again."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from levada.local.errors import RunInUseError
from levada.local.starter import TOKEN, environment_of, start_ticks

_PATIENCE = 30.0
_POLL = 0.02
_START_FIELDS = _END_FIELDS = 5


class AttemptEnd(NamedTuple):
    """How an attempt's process ended; times in seconds since 1970, a negative code is a signal."""

    code: int
    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class Traces:
    """What the file of attempts tells: pid, start ticks and slot of those without an end; the ends of the others."""

    running: dict[str, tuple[int, int, int]]
    ended: dict[str, AttemptEnd]


def read_attempts(path: Path) -> Traces:
    """Read the file of attempts; lines that a crash cut short are passed over."""
    traces = Traces({}, {})
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        with suppress(ValueError):
            if line.startswith("S ") and len(fields := line.split(" ")) == _START_FIELDS:
                traces.running[fields[4]] = (int(fields[1]), int(fields[2]), int(fields[3]))
                traces.ended.pop(fields[4], None)
            elif line.startswith("E ") and len(fields := line.split(" ")) == _END_FIELDS:
                traces.ended[fields[4]] = AttemptEnd(int(fields[1]), float(fields[2]), float(fields[3]))
                traces.running.pop(fields[4], None)
    return traces


def end_survivors(traces: Traces, run_uid: str) -> None:
    """Kill every process of this run that is still there, and wait until it is gone.

    Raises
    ------
    RunInUseError
        When one cannot be ended.
    """
    deadline = time.monotonic() + _PATIENCE
    while found := _groups(traces) | _by_token(run_uid):
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            listed = ", ".join(str(abs(pid)) for pid in sorted(found))
            raise RunInUseError(f"processes of an earlier attempt cannot be ended: {listed}")
        time.sleep(_POLL)


def _groups(traces: Traces) -> set[int]:
    """The groups (as negative numbers) whose first process is the very one that was noted."""
    alive = {pid for pid, ticks, _ in traces.running.values() if ticks and start_ticks(pid) == ticks}
    return {-pid for pid in alive if not _is_zombie(pid)}


def _by_token(run_uid: str) -> set[int]:
    """Processes whose environment says that they are this run's; where there is no /proc, none are found."""
    sign = f"{TOKEN}={run_uid}/".encode()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()] if Path("/proc").is_dir() else []  # noqa: PTH208
    ours = {pid for pid in pids if any(item.startswith(sign) for item in environment_of(pid))}
    return {pid for pid in ours if not _is_zombie(pid)} - {os.getpid()}


def _is_zombie(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] in ("Z", "X")
    return True
