"""The folder of state: where everything about a run is kept, and who holds it.

.levada/store/                       artifacts, a store like any other
.levada/volumes/<name>/              the claims that runs made
.levada/tools/                       what attempts of all runs share
.levada/runs/<run>/run.json          what was asked for; written once
.levada/runs/<run>/journal           how its tasks stand, line by line
.levada/runs/<run>/attempts          processes that started and ended, written by the starter
.levada/runs/<run>/approvals         what was said to its gates, line by line; who says it rings the bell beside it
.levada/runs/<run>/logs/<task>.<n>   what attempt n at a task printed, if anything
.levada/runs/<run>/work/<task>.<n>/  where its process works; inputs, outputs and values are below it
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from levada.local.errors import FolderError, LocalError, NoSuchRunError, RunInUseError
from levada.planner.locations import segment

if TYPE_CHECKING:
    from levada.store.stores import Stores

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCK_WAIT = 1.0
_DRAIN_WAIT = 30.0
_POLL = 0.02
_FULL = (errno.ENOSPC, errno.EDQUOT)


def default_home() -> Path:
    """`LEVADA_HOME`, else `.levada` in the working folder."""
    return Path(os.environ.get("LEVADA_HOME") or ".levada").absolute()


def open_stores(home: Path) -> Stores:
    """The artifacts of all runs, and whatever URIs this machine's user may read."""
    from levada.store.config import from_mapping  # noqa: PLC0415
    from levada.store.stores import Stores  # noqa: PLC0415

    return Stores(from_mapping({"url": _store_url(home)}), ambient=True, any_file=True)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Read and write below `folder`; what goes wrong is a `FolderError`."""
    try:
        yield
    except OSError as error:
        raise folder_error(folder, error) from None


def folder_error(folder: Path, error: OSError) -> FolderError:
    """What `error` means for the folder of state."""
    if error.errno in _FULL:
        return FolderError(
            f"no space left on the disk of {folder}; make room or set LEVADA_HOME to a folder elsewhere, "
            "and run it again under the same name: it goes on"
        )
    place = error.filename if isinstance(error.filename, str) else str(folder)
    why = (error.strerror or str(error)).lower()
    return FolderError(f"{place} cannot be used: {why}; set LEVADA_HOME to a folder that you may write to")


class RunFolder:
    """The folder of one run."""

    def __init__(self, home: Path, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise LocalError(f"the run's name {name!r} must be lower-case letters, digits and '-', at most 63 of them")
        self.home = home
        self.path = home / "runs" / name
        self.definition = self.path / "run.json"
        self.journal = self.path / "journal"
        self.attempts = self.path / "attempts"
        self.approvals = self.path / "approvals"
        self.bell = self.path / "approvals.bell"
        self._engine_lock = self.path / "engine.lock"
        self._tasks_lock = self.path / "tasks.lock"
        self.store_url = _store_url(home)
        self.tools = home / "tools"

    def work(self, key: str) -> Path:
        """The folder of the attempt with this key; see `attempt_key`."""
        return self.path / "work" / key

    def log(self, key: str) -> Path:
        """The log of the attempt with this key."""
        return self.path / "logs" / key

    def must_exist(self) -> None:
        """Raise `NoSuchRunError` unless there is such a run."""
        if not self.definition.exists():
            raise NoSuchRunError(f"there is no local run {self.path.name!r} in {self.home}")

    @contextmanager
    def held(self) -> Iterator[int]:
        """Be the one engine of this run; yields the locked descriptor that goes to the starter.

        Raises
        ------
        RunInUseError
            When another process is.
        """
        with writing(self.home):
            for folder in ("work", "logs"):
                (self.path / folder).mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError), (self.home / ".gitignore").open("x") as ignore:
                ignore.write("*\n")
            mine = os.open(self._engine_lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            # Not at once: who only looks whether somebody runs it holds the lock for a moment.
            if not _lock(mine, _LOCK_WAIT):
                raise RunInUseError(
                    f"the run {self.path.name!r} is being run by another process already (see {self.path}); "
                    "wait for its end, or give this one another --name"
                )
            with writing(self.home):
                theirs = os.open(self._tasks_lock, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                if not _lock(theirs, _DRAIN_WAIT):
                    raise RunInUseError(f"tasks of an earlier engine of {self.path.name!r} have not ended yet")
                yield theirs
            finally:
                os.close(theirs)
        finally:
            os.close(mine)

    def is_held(self) -> bool:
        """Whether an engine runs it now."""
        try:
            descriptor = os.open(self._engine_lock, os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False


def attempt_key(path: str, attempt: int) -> str:
    """One attempt as the name of a file, without spaces, the same for ever."""
    return f"{segment(path)}.{attempt}"


def _store_url(home: Path) -> str:
    return (home / "store").as_uri()


def _lock(descriptor: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL)
        else:
            return True
