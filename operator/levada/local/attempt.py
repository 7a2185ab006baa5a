"""One attempt at a task: its folders and files before the process starts, its outputs after it ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from errno import EACCES, ENOENT, ENOTDIR
from pathlib import Path
from typing import TYPE_CHECKING

from levada.graph.model import Component
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.handoff import Manifest, OutputRecord
from levada.planner.layout import Layout
from levada.planner.results import outcome_of

if TYPE_CHECKING:
    from levada.local.processes import Ended, Unstartable
    from levada.store.outputs import Homes
    from levada.store.stores import Stores

GOING = "~"
"""Ends the names of folders that are being removed."""
_TAIL_BYTES, _TAIL_LINES = 2048, 80
"""As much of a failed task's log as the kubelet takes for a message."""
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
"""What shells say of commands that are not there, or are no programs."""
_SIGNALLED = 128


@dataclass(slots=True)
class Attempt:
    """One attempt under way.

    Attributes
    ----------
    key
        Names it in the file of attempts and below the run's folder.
    folder
        Where its process works; inputs, outputs and values are below it.
    log
        The file with all it prints.
    root
        The folder of its outputs in the store (a URI).
    tools
        Where what attempts of all runs share is kept; set for one that gets a Python of its own.
    mounts
        The claims that its container is given.
    homes
        Of each output its real folder, once it was made.
    """

    path: str
    number: int
    key: str
    component: Component
    layout: Layout
    folder: str
    log: str
    root: str
    environment: Mapping[str, str]
    tools: Path | None = None
    mounts: tuple[str, ...] = ()
    homes: Homes = field(default_factory=dict)
    is_stopping: bool = False

    @property
    def moves_data(self) -> bool:
        """Whether anything has to be brought or taken, which takes time."""
        return bool(self.layout.stage or self.layout.collect or self.tools)

    def make(self) -> None:
        """Make its folders and the files with parameters."""
        try:
            os.mkdir(self.folder)  # noqa: PTH102  # pathlib takes several times as long
        except FileExistsError:  # Of an engine that was killed before the process started.
            self.clear()
            os.mkdir(self.folder)  # noqa: PTH102
        for path, text in self.layout.values.items():
            Path(path).parent.mkdir(exist_ok=True)
            Path(path).write_bytes(text.encode())
        if self.layout.single:
            # As in a Pod, where it is the container's termination message: it is there, empty.
            Path(self.layout.single).parent.mkdir(parents=True)
            Path(self.layout.single).touch()

    def stage(self, stores: Callable[[], Stores]) -> None:
        """Make the folders of its outputs and bring its inputs, verified.

        Raises
        ------
        StoreError
            An input cannot be had.
        """
        from levada.store import outputs  # noqa: PLC0415
        from levada.store.errors import StoreError  # noqa: PLC0415
        from levada.store.inputs import stage  # noqa: PLC0415
        from levada.store.uri import parse_uri  # noqa: PLC0415

        self.homes = outputs.prepare(self.layout.collect, self.layout.answer)
        for output in self.layout.collect:
            if output.uri:  # The task writes there itself; object stores need no folder, a disk does.
                Path(f"/{parse_uri(output.uri).key}").parent.mkdir(parents=True, exist_ok=True)
        if self.tools is not None:
            from levada.local.python import make_python  # noqa: PLC0415

            make_python(self.folder, self.tools)
        for staged in self.layout.stage:
            try:
                stage(stores(), staged)
            except StoreError as error:
                raise type(error)(f"input {staged.name!r}: {error}") from None

    def collect(self, stores: Stores, ended: Ended) -> Success | Failure:
        """Take its outputs to the store.

        Raises
        ------
        DiskFullError
            There is no room for them: not the task's fault, and trying again would not help.
        """
        from levada.store import outputs  # noqa: PLC0415
        from levada.store.errors import DiskFullError, StoreError  # noqa: PLC0415
        from levada.store.manifest import write_manifest  # noqa: PLC0415

        times = (moment(ended.started), moment(ended.ended))
        try:
            checked = outputs.check(self.layout.collect, self.homes, self.layout.answer)
            records = {output.declared.name: outputs.store(stores, self.root, output) for output in checked}
            write_manifest(stores, self.root, Manifest(records))
        except DiskFullError:
            raise
        except StoreError as error:
            return Failure(error.reason, error.message, 0, "", *times)
        return outcome_of(self.component, records, *times)

    def outcome(self, ended: Ended) -> Success | Failure | None:
        """What became of it; None when that is known only once its outputs are collected."""
        times = (moment(ended.started), moment(ended.ended))
        code = _SIGNALLED - ended.code if ended.code < 0 else ended.code
        if code:
            tail = log_tail(Path(self.log)) if self.component.log_tail else ""
            return Failure(reasons.ERROR, f"exited with code {code}", code, tail, *times)
        if self.layout.collect:
            return None
        records: dict[str, OutputRecord] = {}
        if self.layout.single:
            text = _read(Path(self.layout.single))
            records = {name: OutputRecord(text=text) for name in self.component.outputs}
        return outcome_of(self.component, records, *times)

    def unstartable(self, event: Unstartable) -> Failure:
        """Why its process could not be started."""
        command = self.layout.run.command[0] if self.layout.run.command else ""
        cure = "; install it, or correct the component's command" if event.errno in (ENOENT, ENOTDIR) else ""
        text = f"the command {command!r} could not be started: {event.text.lower()}{cure}"
        return Failure(reasons.ERROR, text, _NOT_EXECUTABLE if event.errno == EACCES else _NOT_FOUND)

    def find_homes(self) -> None:
        """Find the folders of its outputs again, which an earlier engine made."""
        from levada.store.outputs import find_homes  # noqa: PLC0415

        self.homes = find_homes(self.layout.collect, self.layout.answer)

    def is_clear(self) -> bool:
        """Whether there is nothing in its folder; an empty one stays: removing it would take long."""
        if self.moves_data or self.layout.values or self.layout.single:
            return False
        with os.scandir(self.folder) as entries:
            return not any(entries)

    def clear(self) -> None:
        """Remove its folder: what counts stands in the store. It is gone at once or not at all, whatever happens."""
        from levada.store.tree import discard  # noqa: PLC0415

        going = f"{self.folder}{GOING}"
        discard(Path(going))
        os.rename(self.folder, going)  # noqa: PTH104
        discard(Path(going))


def moment(seconds: float) -> datetime:
    """A time of the starter's."""
    return datetime.fromtimestamp(seconds, UTC)


def log_tail(path: Path) -> str:
    """The last lines of a log, whatever bytes are in it."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - _TAIL_BYTES))
            tail = log.read(_TAIL_BYTES)
    except OSError:
        return ""
    return "\n".join(tail.decode(errors="replace").splitlines()[-_TAIL_LINES:])


def _read(path: Path) -> str:
    """The text of a small output; what is no such file reads as nothing, as it does in a cluster."""
    try:
        with path.open("rb") as source:
            return source.read(4096).decode(errors="replace")
    except OSError:
        return ""
