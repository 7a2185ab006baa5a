"""What every command that looks at runs needs, wherever they are."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from levada.cli.run_view import View
from levada.graph.model import Graph
from levada.planner.flow.gates import Verdict
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

    def approvals(self, name: str) -> Mapping[str, Verdict]:
        """What has been said to gates of the run, by the path of the task."""

    def approve(self, name: str, task: str, message: str, *, is_approved: bool) -> str:
        """Say it to a gate in the caller's own name, which is returned."""

    def stores(self) -> Stores:
        """Where its artifacts are read from."""
