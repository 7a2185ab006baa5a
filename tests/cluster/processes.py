"""Daemons of the cluster: started in a session of their own, known again by pid and start time, ended by pid only."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from cluster.paths import LOGS, NETNS, RUN
from cluster.progress import ClusterError

_PIDS = RUN / "pids"
_START_TIME_FIELD = 19  # /proc/PID/stat, counted after the name in brackets
_LOG_TAIL = 3000


def start(name: str, argv: list[str | Path], env: dict[str, str] | None = None) -> None:
    """Start a daemon inside the cluster's network namespace, unless it runs already."""
    if pid_of(name):
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    _PIDS.mkdir(parents=True, exist_ok=True)
    # nsenter and not `ip netns exec`, which hides /sys/fs/cgroup. It becomes the program: the pid stays.
    command = ["nsenter", f"--net=/run/netns/{NETNS}", "--", *(str(part) for part in argv)]
    with _log(name).open("ab") as log:
        process = subprocess.Popen(  # the daemon outlives us: nobody waits for it
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
    record = {"pid": process.pid, "started": _start_time(process.pid), "boot": _boot(), "argv": command}
    (_PIDS / f"{name}.json").write_text(json.dumps(record))


def wait_ready(name: str, ready: Callable[[], bool], timeout: float = 60) -> None:
    """Wait for a daemon; when it ends or is late, the end of its log is the message."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if not pid_of(name):
            raise ClusterError(f"{name} ended. The end of {_log(name)}:\n{_tail(name)}")
        try:
            if ready():
                return
        except OSError:
            pass  # not listening yet
        time.sleep(0.1)
    raise ClusterError(f"{name} was not ready within {timeout:.0f} s. The end of {_log(name)}:\n{_tail(name)}")


def pid_of(name: str) -> int | None:
    """The daemon's pid if the very process that we started is alive."""
    return _recorded(_PIDS / f"{name}.json")


def pids_of_all_clusters(name: str) -> set[int]:
    """The daemons of that name of every cluster on this machine."""
    records = RUN.parent.glob(f"levada*/pids/{name}.json")
    return {pid for record in records if (pid := _recorded(record))}


def _recorded(file: Path) -> int | None:
    try:
        record = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    same = record["boot"] == _boot() and record["started"] == _start_time(record["pid"])
    return record["pid"] if same else None


def stop(name: str, patience: float = 10) -> None:
    """Ask a daemon to end, and end it when it does not."""
    for signum, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5)):
        pid = pid_of(name)
        if not pid:
            break
        os.kill(pid, signum)
        deadline = time.monotonic() + seconds
        while pid_of(name) and time.monotonic() < deadline:
            time.sleep(0.05)
    (_PIDS / f"{name}.json").unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not asked about yet does not."""
    return _start_time(pid) is not None


def _start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot: with the pid, its identity."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else int(fields[_START_TIME_FIELD])


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _log(name: str) -> Path:
    return LOGS / f"{name}.log"


def _tail(name: str) -> str:
    return _log(name).read_text(errors="replace")[-_LOG_TAIL:] if _log(name).exists() else ""
