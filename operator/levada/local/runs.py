"""The runs of this machine, for those who look at them while they run and afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from levada.local.errors import NoSuchTaskError
from levada.local.home import RunFolder, attempt_key, default_home, open_stores, writing
from levada.local.journal import read_journal
from levada.local.opening import NAMESPACE, Definition, read_head
from levada.local.record import Record, by_path, counts_of, record_of, views_of
from levada.local.starter import slot_file
from levada.local.survivors import read_attempts
from levada.planner.no_log import is_group, may_print, why_no_log

if TYPE_CHECKING:
    from levada.graph.model import Graph
    from levada.planner.flow.gates import Verdict
    from levada.store.stores import Stores

_EVERY = 0.2
"""Seconds between two looks at a run that somebody else runs."""
_CHUNK = 1 << 16


class LocalRuns:
    """The runs in one folder of state; reading never changes anything there.

    Parameters
    ----------
    home
        The folder; by default `LEVADA_HOME`, else `.levada` in the working folder. It need not exist.

    Every method that takes a name raises `NoSuchRunError` where there is no such run, and `FolderError` where the
    folder cannot be read.
    """

    namespace = NAMESPACE

    def __init__(self, home: Path | None = None) -> None:
        self._home = home.absolute() if home else default_home()

    def names(self) -> list[str]:
        """All runs, the newest first."""
        with writing(self._home):
            found = [(path.stat().st_mtime, path.parent.name) for path in (self._home / "runs").glob("*/run.json")]
        return [name for _, name in sorted(found, reverse=True)]

    def read(self, name: str) -> Record:
        """How a run stands.

        The phase of a run that is not over and that no process is running is `Suspended`, its reason `Interrupted`.
        """
        folder = self._folder(name)
        is_held = folder.is_held()  # First: what an engine writes before it goes is then read as well.
        with writing(self._home):
            recorded = read_journal(folder.journal)
        head = read_head(folder)
        views, counts = views_of(head, recorded.rows), counts_of(head, recorded.rows)
        return record_of(head, views, counts, recorded.end, is_held=is_held)

    def follow(self, name: str) -> Iterator[Record]:
        """How it stands, again whenever that changes; ends when it is over or nobody runs it any more."""
        shown: Record | None = None
        while shown is None or shown["phase"] == "Running":
            record = self.read(name)
            if record != shown:
                yield record
                shown = record
            if shown["phase"] == "Running":
                time.sleep(_EVERY)

    def graph(self, name: str) -> Graph:
        """The definition that it runs."""
        from levada.frontend.native import build_run  # noqa: PLC0415

        head = read_head(self._folder(name))
        graph, _ = build_run(head.run, head.pipelines, head.components)
        return graph

    def definition(self, name: str) -> Definition:
        """What it was started with."""
        head = read_head(self._folder(name))
        return Definition(head.name, head.namespace, head.run, head.pipelines, head.components)

    def log(self, name: str, task: str, *, follow: bool = False) -> Iterator[bytes]:
        """What the latest attempt at a task printed, in pieces of any bytes; with `follow` until the task ends.

        Raises
        ------
        NoSuchTaskError
            There is no such task, nothing runs for it as for a group, or it has not started yet (with `follow` its
            start is waited for).
        """
        while follow and self._waits(name, task):
            time.sleep(_EVERY)
        with writing(self._home), self._open_log(name, task) as log:
            while True:
                goes_on = follow and self._task(self.read(name), task)["phase"] == "Running"
                while piece := log.read(_CHUNK):
                    yield piece
                if not goes_on:
                    return
                time.sleep(_EVERY)

    def approvals(self, name: str) -> Mapping[str, Verdict]:
        """What has been said to gates of the run, by the path of the task."""
        from levada.local.approvals import read_approvals  # noqa: PLC0415

        with writing(self._home):
            return read_approvals(self._folder(name))

    def approve(self, name: str, task: str, message: str, *, is_approved: bool) -> str:
        """Say it to a gate in the name of this machine's user, which is returned."""
        from levada.local.approvals import give_approval, who  # noqa: PLC0415

        with writing(self._home):
            return give_approval(self._folder(name), task, who(), message, is_approved=is_approved)

    def stores(self) -> Stores:
        """Where artifacts are read from."""
        return open_stores(self._home)

    def _open_log(self, name: str, task: str) -> BinaryIO:
        folder = self._folder(name)
        while True:
            record = self.read(name)
            found, tasks = self._task(record, task), by_path(record)
            if not may_print(task, tasks):
                raise NoSuchTaskError(why_no_log(task, tasks))
            key = attempt_key(task, found["attempts"] - 1)
            place = read_attempts(folder.attempts).running.get(key)
            with suppress(FileNotFoundError):
                return folder.log(key).open("rb")
            if place is None:
                return BytesIO()
            log = Path(slot_file(str(folder.log(key)), place[2])).open("rb")  # noqa: SIM115  # the caller closes it
            if read_attempts(folder.attempts).running.get(key) == place:
                return log  # Had it ended meanwhile, this could be another task's.
            log.close()

    def _folder(self, name: str) -> RunFolder:
        folder = RunFolder(self._home, name)
        folder.must_exist()
        return folder

    def _waits(self, name: str, task: str) -> bool:
        record = self.read(name)
        is_pending = self._task(record, task)["phase"] == "Pending"
        return bool(record["phase"] == "Running" and is_pending and not is_group(task, by_path(record)))

    def _task(self, record: Record, path: str) -> Record:
        for task in record["tasks"]:
            if task["path"] == path:
                return dict(task)
        known = ", ".join(task["path"] for task in record["tasks"][:20])
        raise NoSuchTaskError(f"the run {record['name']!r} has no task {path!r}; it has {known}")
