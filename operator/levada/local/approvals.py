"""What people on this machine say to gates: it is kept in the run's folder, and whoever runs it hears a bell."""

from __future__ import annotations

import errno
import getpass
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from levada.graph.gates import gates_of
from levada.planner.approvals import approval, verdicts
from levada.planner.flow.gates import Verdict

if TYPE_CHECKING:
    from levada.graph.model import Graph
    from levada.local.home import RunFolder

_MOST = 1 << 12


class Approvals:
    """What has been said to the gates of a run that is at work here.

    Attributes
    ----------
    bells
        Descriptors that become readable when something was said; none where the graph has no gate.
    said
        By the path of the task, as of the last `hear`.
    """

    def __init__(self, folder: RunFolder, graph: Graph) -> None:
        self._folder = folder
        self.bells: list[int] = []
        self.said: Mapping[str, Verdict] = {}
        if any(gates_of(graph)):
            with suppress(FileExistsError):
                os.mkfifo(folder.bell, 0o600)
            # For writing too: else it would be readable for ever once the first who rang it has gone.
            self.bells.append(os.open(folder.bell, os.O_RDWR | os.O_NONBLOCK))
            self.hear()

    def hear(self) -> None:
        """Silence the bell and read what was said."""
        for bell in self.bells:
            with suppress(BlockingIOError):
                while os.read(bell, _MOST):
                    pass
        self.said = read_approvals(self._folder)

    def close(self) -> None:
        """Listen no more."""
        for bell in self.bells:
            os.close(bell)


def read_approvals(folder: RunFolder) -> dict[str, Verdict]:
    """What has been said to gates of a run, by the path of the task."""
    try:
        lines = folder.approvals.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    items = []
    for line in lines:
        with suppress(msgspec.DecodeError):  # the last one, where the disk was full
            items.append(msgspec.json.decode(line, type=dict[str, str]))
    return verdicts(items)


def give_approval(folder: RunFolder, task: str, by: str, message: str, *, is_approved: bool) -> str:
    """Keep what somebody says to a gate, and ring; who said it."""
    item = approval(task, Verdict(is_approved, by, message), datetime.now(UTC))
    descriptor = os.open(folder.approvals, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, b"\n" + msgspec.json.encode(item) + b"\n")
    finally:
        os.close(descriptor)
    _ring(folder)
    return by


def who() -> str:
    """The name of this machine's user; in a container that has no name for it, its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _ring(folder: RunFolder) -> None:
    try:
        bell = os.open(folder.bell, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO):  # nobody runs it: it is read when somebody does
            return
        raise
    try:
        with suppress(BlockingIOError):  # it rings already
            os.write(bell, b"!")
    finally:
        os.close(bell)
