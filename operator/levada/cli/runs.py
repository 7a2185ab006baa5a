"""What every command that looks at runs needs, wherever they are."""

from collections.abc import Iterator
from typing import Protocol

from levada.cli.run_view import View
from levada.graph.model import Graph
from levada.store.stores import Stores


class Runs(Protocol):
    """The runs of one place. A name that no run has is a `CommandError` with exit code 2."""

    namespace: str
    """The namespace that is meant where none is named."""

    def read(self, name: str) -> View:
        """How a run stands now."""

    def follow(self, name: str) -> Iterator[View]:
        """How it stands, again whenever that changes; ends with the run."""

    def graph(self, name: str) -> Graph:
        """The definition that it runs."""

    def log(self, name: str, task: str, *, follow: bool) -> Iterator[bytes]:
        """The log of a task, in pieces, all that there is; with `follow` until the task ends.

        `CommandError` where there is none and why.
        """

    def stores(self) -> Stores:
        """Where its artifacts are read from."""
