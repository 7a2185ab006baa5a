"""The part of the planner that asks before it starts: a task whose results are there already never runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from levada.graph.model import Datum, Graph
from levada.planner.encoding import Row
from levada.planner.flow.cache import DISABLED, Answer, Hit
from levada.planner.flow.lookups import Lookup, Lookups
from levada.planner.flow.rerun import Results
from levada.planner.nodes import Gate, Leaf, Node, Phase
from levada.planner.tree import Tree

LONGEST_MISS = 1024
"""Characters of why a lookup found nothing: as many as the status takes."""


class Asking(Tree):
    """A tree in which tasks with a cache, or of a rerun, wait for an answer before they are ready."""

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[str, Datum],
        facts: Mapping[str, str],
        earlier: Results,
        recorded: Collection[Row] = (),
    ) -> None:
        self.is_suspended = False
        self._lookups = Lookups(earlier)
        self._settled: list[Leaf] = []
        super().__init__(graph, inputs, facts, recorded)

    def lookups(self, now: datetime) -> list[Lookup]:
        """What to look for now, before anything is planned; each is named once, until it was put off."""
        asked: list[Lookup] = []
        for leaf in [] if self.is_suspended else self._lookups.take(now):
            if lookup := self._lookups.ask(leaf):
                asked.append(lookup)
            else:
                leaf.miss = leaf.miss or (DISABLED if leaf.task.cache and leaf.task.cache.is_disabled else "")
                self._ready[leaf.path] = leaf
        return asked

    def answer(self, path: str, answer: Answer, now: datetime) -> None:
        """Take in what a lookup found: the task ends with it, or may start. What came too late is ignored (I2)."""
        leaf = self.leaves[path]
        if leaf.phase.is_final or leaf.is_started:
            return
        if isinstance(answer, Hit):
            leaf.outputs, leaf.reason, leaf.message = answer.outputs, "", f"from {answer.source}"
            self.finish(leaf, Phase.CACHED, now)
        else:
            leaf.miss, leaf.reason, leaf.message = answer.reason[:LONGEST_MISS], "", ""
            self._ready[path] = leaf

    def put_off(self, path: str, reason: str, message: str, until: datetime) -> None:
        """Note that a lookup has no answer yet, and why: it is named again then, or after `ask_again`."""
        leaf = self.leaves[path]
        self._lookups.put_off(leaf, until)
        self.hint(leaf, reason, message)

    def ask_again(self, path: str) -> None:
        """What kept a lookup from its answer is over."""
        self._lookups.ask_again(path)

    def stand_back(self) -> list[Leaf]:
        """The tasks of a suspended run that were to start: they are asked for again when it goes on.

        Until then others may do their work.
        """
        back = [leaf for leaf in self._ready.values() if self._lookups.admit(leaf)]
        for leaf in back:
            del self._ready[leaf.path]
        return back

    def settled(self) -> list[Leaf]:
        """The tasks with a cache that have ended since this was last asked, however they ended."""
        settled, self._settled = self._settled, []
        return settled

    def move(self, node: Node, phase: Phase) -> None:
        """Let a node go on to another phase."""
        super().move(node, phase)
        if phase.is_final and isinstance(node, Leaf) and node.task.cache:
            self._settled.append(node)

    def hint(self, leaf: Leaf, reason: str, message: str) -> None:
        """Say what a task waits for."""
        if not reason and leaf.attempt and leaf.phase is not Phase.RUNNING:
            return  # why the attempt before failed says more than nothing
        if leaf.trouble and reason:
            message = f"{message}; {leaf.trouble}"
        if (leaf.reason, leaf.message) != (reason, message):
            leaf.reason, leaf.message = reason, message
            self.touch(leaf)

    def _admit(self, leaf: Leaf) -> None:
        if isinstance(leaf, Gate) or leaf.is_started or not self._lookups.admit(leaf):
            super()._admit(leaf)
