"""How the end of one task spreads through the tree of a run: what begins now, what never will, what is over with it.

The work for each end does not depend on the size of the run: each node counts what it still waits for, and only those
whose count reaches zero are looked at.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from levada.api.limits import MOST_TASKS
from levada.graph.model import Datum, Graph
from levada.planner import reasons
from levada.planner.encoding import Row
from levada.planner.flow import gates
from levada.planner.flow.ends import end_of, end_with_finals, explain, fail_with, outputs_of
from levada.planner.flow.halt import Halt
from levada.planner.flow.inputs import bind, items_of
from levada.planner.growth import below, grow, iterate
from levada.planner.nodes import Gate, Group, Iterations, Leaf, Node, Phase, Scope

Ends = list[tuple[Node, Phase]]


class Tree:
    """The tasks of one run; `recorded` is what was written of them before a restart, for `Run.restore` to show.

    Attributes
    ----------
    nodes, leaves
        By path, in the order in which they became known; `nodes` has the groups too.
    gates
        Those that wait for a decision.
    failed
        What failed by itself, in order; `failures` of it what makes the run fail.
    version
        Rises with every change; `unrecorded` are the nodes that changed since the last record.
    halt
        Why the run is being stopped before its time, if it is.
    """

    def __init__(
        self, graph: Graph, inputs: Mapping[str, Datum], facts: Mapping[str, str], recorded: Collection[Row] = ()
    ) -> None:
        self.root = grow(graph, inputs, facts)
        self.nodes: dict[str, Node] = {}
        self.leaves: dict[str, Leaf] = {}
        self.gates: dict[str, Gate] = {}
        self.counts: Counter[Phase] = Counter()
        self.failed: list[Node] = []
        self.version = 0
        self.unrecorded: dict[str, Node] = {}
        self.halt: Halt | None = None
        self._recalled = {row.path: row for row in recorded}
        # Emptied from the front, which makes a dict slower with each that has been in it.
        self._ready: OrderedDict[str, Leaf] = OrderedDict()
        self._meet(self.root.members())
        self.root.phase = Phase.RUNNING
        self._end_all([*self._settle(self.root.tasks()), *self._go_on(self.root)], None)

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen any more."""
        return self.root.phase.is_final

    @property
    def failures(self) -> list[Node]:
        """What made the run fail, or will."""
        return self.root.failures

    def is_awaited(self, leaf: Leaf, ends: int) -> bool:
        """Whether the end of `leaf` may let anything begin or end.

        Up to `ends` ends, it included, are not known yet: what waits for no more than those may wait for none.
        """
        group = leaf.parent
        assert group is not None
        return (
            bool(self._ready)  # room may be all that it waits for
            or group.unfinished <= ends
            or (isinstance(group, Iterations) and bool(group.waiting))
            or any(node.blockers <= ends for node in leaf.dependants)
        )

    def finish(self, node: Node, phase: Phase, now: datetime | None) -> None:
        """Make `node` final, and everything that follows from it."""
        self._end_all([(node, phase)], now)

    def move(self, node: Node, phase: Phase) -> None:
        """Let a node go on to another phase."""
        if isinstance(node, Leaf):
            self.counts[node.phase] -= 1
            self.counts[phase] += 1
        node.phase = phase
        self.touch(node)

    def touch(self, node: Node) -> None:
        """Note that a node changed."""
        if node is self.root:
            return
        self.version += 1
        node.changed = self.version
        self.unrecorded[node.path] = node

    def _meet(self, nodes: Iterable[Node]) -> None:
        """Take in nodes that have become known."""
        for node in (node for member in nodes for node in below(member)):
            self.nodes[node.path] = node
            if isinstance(node, Leaf):
                self.leaves[node.path] = node
                self.counts[node.phase] += 1

    def _end_all(self, ends: Ends, now: datetime | None) -> None:
        """Make nodes final, and what follows from it, without recursion."""
        ending = deque(ends)
        while ending:
            node, phase = ending.popleft()
            if node.phase.is_final:
                continue
            has_begun = node.phase is not Phase.PENDING
            node.finished = node.finished or now
            self.move(node, phase)
            self._ready.pop(node.path, None)
            self.gates.pop(node.path, None)
            if phase is Phase.FAILED and not (isinstance(node, Group) and has_begun):
                self._note_failure(node)
            if isinstance(node, Group) and not has_begun and phase is not Phase.SUCCEEDED:
                ending.extend(_never_begun(node, phase))
            ending.extend(self._settle(node.dependants))
            if node.parent is not None:
                node.parent.count_end(node)
                ending.extend(self._go_on(node.parent))

    def _note_failure(self, node: Node) -> None:
        self.failed.append(node)
        for scope in fail_with(node):
            scope.failures.append(node)

    def _go_on(self, group: Group) -> Ends:
        """Begin what waited for the end of a member, or end the group when that was the last.

        A group that has not begun waits for that, though after a restart all of it may have ended before.
        """
        if group.phase is not Phase.RUNNING:
            return []
        if isinstance(group, Iterations):
            return self._settle(_next(group, 1)) if group.unfinished else _end(group, end_of(group.members()))
        assert isinstance(group, Scope)
        if group.unfinished:
            return []
        ends: Ends = []
        if group.state is None:
            group.state = self.halt.phase if self.halt and group is self.root else end_of(group.tasks())
            if group is self.root and self.halt and self.halt.cause.reason == reasons.RUN_TIMEOUT:
                group.overrun = self.halt.cause
            ends = self._settle(group.finals())
        if group.unfinished_finals:
            return ends
        group.outputs = outputs_of(group)
        return [*ends, *_end(group, end_with_finals(group))]

    def _settle(self, waiting: Iterable[Node]) -> Ends:
        """Count one blocker less for each; start those that have none left. Returns the ones that end at once."""
        ends: Ends = []
        pending = deque(waiting)
        while pending:
            node = pending.popleft()
            node.blockers -= 1
            if node.blockers or node.phase.is_final:
                continue
            if self.halt and self._is_kept_back(node):
                node.reason, node.message = self.halt.cause.reason, self.halt.cause.message
                ends.append((node, Phase.CANCELLED))
            elif isinstance(node, Iterations):
                pending.extend(self._repeat(node, ends))
            elif phase := bind(node):
                ends.append((node, phase))
            elif isinstance(node, Leaf):
                self._admit(node)
            else:
                assert isinstance(node, Scope)
                self.move(node, Phase.RUNNING)
                pending.extend(node.tasks())
                ends.extend(self._go_on(node))
        return ends

    def _is_kept_back(self, node: Node) -> bool:
        """Whether a run that is being stopped keeps a task from beginning, and it did not begin before a restart."""
        if node.survives or (isinstance(node, Leaf) and node.is_started):
            return False
        row = self._recalled.get(node.path)
        return row is None or row.phase in (Phase.PENDING, Phase.CANCELLED)

    def _repeat(self, loop: Iterations, ends: Ends) -> list[Node]:
        """Begin a loop; the iterations that begin with it."""
        items = items_of(loop)
        if isinstance(items, Phase):
            ends.append((loop, items))
            return []
        if not self._has_room(loop, len(items)):
            ends.append((loop, Phase.FAILED))
            return []
        self._meet(iterate(loop, items))
        self.move(loop, Phase.RUNNING)
        if not items:
            ends.append((loop, Phase.SUCCEEDED))
        assert loop.task.loop is not None
        return _next(loop, loop.task.loop.parallelism or len(items))

    def _has_room(self, loop: Iterations, count: int) -> bool:
        """Whether the run may grow by the iterations of a loop; if not that is noted."""
        more = count * loop.task.size
        row = self._recalled.get(loop.path)  # what was decided before a restart stands, whatever came first then
        if len(self.nodes) + more <= MOST_TASKS if row is None else row.reason != reasons.TOO_MANY_TASKS:
            return True
        loop.reason = reasons.TOO_MANY_TASKS
        loop.message = (
            f"its {count:,} iterations have {more:,} tasks, and the run has no room for them: at most {MOST_TASKS:,} "
            f"in all; loop over fewer items, give each more to do, or divide the work between runs"
        )
        return False

    def _admit(self, leaf: Leaf) -> None:
        """A leaf has all it waited for. One restored as running is looked for, never made again."""
        if isinstance(leaf, Gate):
            self.gates[leaf.path] = leaf
            if not leaf.is_started:
                leaf.is_started = True
                gates.invite(leaf)
                self.move(leaf, Phase.RUNNING)
        elif not leaf.is_started:
            self._ready[leaf.path] = leaf


def _end(group: Group, phase: Phase) -> Ends:
    explain(group, phase)
    return [(group, phase)]


def _next(loop: Iterations, count: int) -> list[Node]:
    """The next iterations that may begin; those that a stop has ended already are passed over."""
    chosen: list[Node] = []
    while loop.waiting and len(chosen) < count:
        node = loop.waiting.popleft()
        if not node.phase.is_final:
            chosen.append(node)
    return chosen


def _never_begun(group: Group, phase: Phase) -> Ends:
    """The ends of all that is in a group which ends before it began."""
    end = Phase.CANCELLED if phase is Phase.CANCELLED else Phase.SKIPPED
    for member in group.members():
        member.reason, member.message = group.reason, group.message
    return [(member, end) for member in group.members()]
