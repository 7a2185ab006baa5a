"""The runs of this machine, for those who look at them while they run and afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from levada.graph.model import Graph
    from levada.local.engine import Record
    from levada.store.stores import Stores


class LocalRuns:
    """The runs in one folder of state; reading never changes anything there.

    Parameters
    ----------
    home
        The folder; by default `LEVADA_HOME`, else `.levada` in the working folder. It need not exist.

    Every method that takes a name raises `NoSuchRunError` where there is no such run, and `FolderError` where the
    folder cannot be read.
    """

    def __init__(self, home: Path | None = None) -> None:
        raise NotImplementedError

    def names(self) -> list[str]:
        """All runs, the newest first."""
        raise NotImplementedError

    def read(self, name: str) -> Record:
        """How a run stands.

        The phase of a run that is not over and that no process is running is `Suspended`, its reason `Interrupted`.
        """
        raise NotImplementedError

    def follow(self, name: str) -> Iterator[Record]:
        """How it stands, again whenever that changes; ends when it is over or nobody runs it any more."""
        raise NotImplementedError

    def graph(self, name: str) -> Graph:
        """The definition that it runs."""
        raise NotImplementedError

    def log(self, name: str, task: str, *, follow: bool = False) -> Iterator[bytes]:
        """What the latest attempt at a task printed, in pieces of any bytes; with `follow` until the task ends.

        Raises
        ------
        NoSuchTaskError
            There is no such task, or it has not started yet (with `follow` its start is waited for).
        """
        raise NotImplementedError

    def log_file(self, name: str, task: str) -> Path:
        """Where the log of the latest attempt at a task is; see `log`."""
        raise NotImplementedError

    def stores(self) -> Stores:
        """Where artifacts are read from."""
        raise NotImplementedError
