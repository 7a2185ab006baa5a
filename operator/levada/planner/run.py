"""The planner: what of a run may start now, decided from what is observed and nothing else.

The work per observation does not depend on the size of the run: each node counts what it still waits for, and only
those whose count reaches zero are looked at. Built anew from records after a restart it decides the same.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from levada.graph.model import Datum, Graph
from levada.planner import reasons
from levada.planner.attempt import Doomed, Failure, Running, Sighting, Success, Waiting
from levada.planner.flow.ends import end_of, fails_the_run, outputs_of
from levada.planner.flow.halt import CANCELLED, Halt, failed_fast, timed_out
from levada.planner.flow.inputs import bind
from levada.planner.flow.retry import template_of, wait_before_next
from levada.planner.flow.timeouts import Deadlines, overrun
from levada.planner.nodes import Group, Leaf, Node, Phase, grow
from levada.planner.plan import Plan, Start

__all__ = ["Plan", "Run", "Start"]


class Run:
    """One run: its tree of tasks, advanced by observations."""

    def __init__(self, graph: Graph, inputs: Mapping[str, Datum], *, started: datetime | None = None) -> None:
        self.root = grow(graph, inputs)
        self.leaves: dict[str, Leaf] = {leaf.path: leaf for leaf in self.root.leaves()}
        self.counts: Counter[Phase] = Counter({Phase.PENDING: len(self.leaves)})
        self.started = started
        self.failed: list[Leaf] = []
        self.failures: list[Leaf] = []
        self.version = 0
        self.recorded = 0
        self.is_suspended = False
        self.halt: Halt | None = None
        self.unrecorded: dict[str, Leaf] = {}
        self._ready: dict[str, Leaf] = {}
        self._deadlines = Deadlines()
        self._doomed: dict[str, Leaf] = {}
        self._open()

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen any more."""
        return self.root.phase.is_final

    def observe(self, path: str, attempt: int, sighting: Sighting, now: datetime, *, dead: bool = False) -> None:
        """Take in what an attempt is seen to do; `dead` when it is proven that nothing of it runs any more.

        Old attempts and final tasks are past changing: what is seen of them is ignored (I2, I3).
        """
        leaf = self.leaves.get(path)
        if leaf is None or leaf.phase.is_final or attempt != leaf.attempt:
            return
        leaf.is_started = True
        self._ready.pop(path, None)
        if leaf.doom:
            if dead:
                self._end(leaf, leaf.doom, now)
        elif isinstance(sighting, Doomed):
            self._doom(leaf, sighting.failure)
            if dead:
                self._end(leaf, sighting.failure, now)
        elif isinstance(sighting, Waiting):
            self._hint(leaf, sighting.reason, sighting.message)
        elif isinstance(sighting, Running):
            if leaf.phase is not Phase.RUNNING:
                leaf.started = sighting.since or now
                leaf.reason, leaf.message, leaf.exit_code, leaf.log = "", "", None, ""
                self._move(leaf, Phase.RUNNING)
                self._deadlines.watch(leaf)
        elif isinstance(sighting, Success | Failure):
            self._end(leaf, sighting, now)

    def steer(self, now: datetime, *, suspend: bool, cancel: bool) -> None:
        """Follow the run's `suspend` and `cancel`. Show what is seen of attempts first: what runs is stopped, not lost.

        Cancelling cannot be taken back: what has not started ends at once, what runs is stopped.
        """
        self.is_suspended = suspend and not cancel
        if cancel and (self.halt is None or self.halt.phase is not Phase.CANCELLED):
            self._halt(CANCELLED, now)

    def refuse(self, path: str, reason: str, message: str, retry_at: datetime) -> None:
        """Note that the attempt could not be started yet (quota, admission, ...) and is to be tried again."""
        leaf = self.leaves[path]
        leaf.not_before = retry_at
        leaf.is_started = False
        self._ready[path] = leaf
        self._hint(leaf, reason, message)

    def restore(self, path: str, record: Leaf, now: datetime) -> None:
        """Take over what was recorded of a task before a restart; `record` is a free-standing leaf."""
        leaf = self.leaves.get(path)
        if leaf is None:
            return
        if leaf.phase.is_final:  # skipped a moment ago, by the record of what it waited for: it was skipped then
            leaf.finished = record.finished or leaf.finished
            return
        leaf.take_over(record)
        if record.phase.is_final:
            leaf.outputs, leaf.finished = record.outputs, record.finished
            self._finish(leaf, record.phase, now)
        elif record.phase is Phase.RUNNING:
            leaf.is_started = True
            self._ready.pop(path, None)
            self._move(leaf, Phase.RUNNING)
            self._deadlines.watch(leaf)
        else:
            self._touch(leaf)  # or the next record would forget how many attempts there were

    def plan(self, now: datetime) -> Plan:
        """What to do now; the starts it returns are not returned again unless refused."""
        later = self._look_at_the_clock(now)
        stops = list(self._doomed.values())
        ready: list[Leaf] = []
        for leaf in [] if self.is_suspended else self._ready.values():
            if leaf.not_before and leaf.not_before > now:
                later.append(leaf.not_before)
            else:
                ready.append(leaf)
        wake = min(later, default=None)
        if any(leaf.attempt and leaf.changed > self.recorded for leaf in ready):
            # I4: the failure of the attempt before is recorded first. Starts named now would be lost to the next plan.
            return Plan(stops=stops, flush=True, wake=wake)
        for leaf in ready:
            del self._ready[leaf.path]
            leaf.is_started = True
        return Plan([Start(leaf, leaf.attempt, leaf.inputs, template_of(leaf)) for leaf in ready], stops, wake=wake)

    def mark_recorded(self, version: int) -> None:
        """Note that the status as of `version` has been written."""
        self.recorded = max(self.recorded, version)
        self.unrecorded = {path: leaf for path, leaf in self.unrecorded.items() if leaf.changed > version}

    def is_recorded(self, path: str, attempt: int) -> bool:
        """Whether the end of this attempt stands in the status, so that its Pod may be let go."""
        leaf = self.leaves.get(path)
        if leaf is None or attempt < 0:
            return True
        ended = leaf.phase.is_final or attempt < leaf.attempt
        return ended and (attempt < leaf.attempt - 1 or leaf.changed <= self.recorded)

    def _look_at_the_clock(self, now: datetime) -> list[datetime]:
        """Stop what has run for too long, and a run that fails fast; when to look again."""
        self.started = self.started or now
        graph = self.root.graph
        end = self.started + timedelta(seconds=graph.timeout) if graph.timeout is not None else None
        if self.halt is None and graph.fails_fast and self.failures:
            self._halt(failed_fast(self.failures[0]), now)
        elif self.halt is None and end and now >= end:
            self._halt(timed_out(graph.timeout or 0), now)
        for leaf in self._deadlines.passed(now):
            self._doom(leaf, overrun(leaf))
        ends = (self._deadlines.next, None if self.halt else end)
        return [] if self.is_final else [moment for moment in ends if moment]

    def _halt(self, halt: Halt, now: datetime) -> None:
        if self.is_final:
            return
        self.halt = halt
        self.version += 1  # that tasks are being stopped is news, too
        for leaf in self.leaves.values():
            if leaf.phase.is_final:
                continue
            if leaf.is_started:
                self._doom(leaf, leaf.doom or halt.cause)
            else:
                leaf.reason, leaf.message = halt.cause.reason, halt.cause.message
                self._finish(leaf, Phase.CANCELLED, now)

    def _doom(self, leaf: Leaf, failure: Failure) -> None:
        leaf.doom = failure
        self._doomed[leaf.path] = leaf

    def _end(self, leaf: Leaf, outcome: Success | Failure, now: datetime) -> None:
        self._doomed.pop(leaf.path, None)
        leaf.started = outcome.started or leaf.started
        if isinstance(outcome, Success):
            leaf.outputs, leaf.reason, leaf.message, leaf.finished = outcome.outputs, "", "", outcome.finished or now
            leaf.exit_code = None
            self._finish(leaf, Phase.SUCCEEDED, now)
            return
        leaf.reason, leaf.message = outcome.reason, outcome.message
        leaf.exit_code, leaf.log = outcome.exit_code, outcome.log
        if self.halt:
            leaf.finished = outcome.finished or now
            leaf.reason, leaf.message = self.halt.cause.reason, self.halt.cause.message
            self._finish(leaf, Phase.CANCELLED, now)
        elif (wait := wait_before_next(leaf, outcome)) is not None:
            self._try_again(leaf, now + wait)
        else:
            leaf.finished = outcome.finished or now
            self._finish(leaf, Phase.FAILED, now)

    def _try_again(self, leaf: Leaf, at: datetime) -> None:
        leaf.not_before = at
        leaf.trouble = f"attempt {leaf.attempt} failed: {leaf.reason}: {leaf.message}"
        leaf.infra_failures += reasons.is_infrastructure(leaf.reason)
        leaf.oom_kills += leaf.reason == reasons.OOM_KILLED
        leaf.attempt += 1
        leaf.doom, leaf.is_started, leaf.started = None, False, None
        if not leaf.blockers:  # seen before what it waited for, after a restart: its inputs are not bound yet
            self._ready[leaf.path] = leaf
        self._move(leaf, Phase.PENDING)

    def _finish(self, node: Node, phase: Phase, now: datetime | None) -> None:
        """Make `node` final, and everything that follows from it, without recursion."""
        finished = deque([(node, phase)])
        while finished:
            current, final = finished.popleft()
            if current.phase.is_final:
                continue
            if isinstance(current, Leaf):
                self._ready.pop(current.path, None)
                self._move(current, final)
                if final is Phase.FAILED:
                    self.failed.append(current)
                    if fails_the_run(current):
                        self.failures.append(current)
            else:
                current.phase = final
            current.finished = current.finished or now
            if isinstance(current, Group) and final is not Phase.SUCCEEDED:
                for child in current.children.values():  # of a group that never began
                    if not child.phase.is_final:
                        child.reason, child.message = current.reason, current.message
                        finished.append((child, Phase.CANCELLED if final is Phase.CANCELLED else Phase.SKIPPED))
            finished.extend(self._settle(current.dependants))
            finished.extend(self._close(current.scope))

    def _close(self, group: Group | None) -> list[tuple[Node, Phase]]:
        """Count one unfinished child less; the group itself when that was the last."""
        if group is None:
            return []
        group.unfinished -= 1
        if group.unfinished or group.phase.is_final:
            return []
        group.outputs = outputs_of(group)
        return [(group, self.halt.phase if self.halt and group is self.root else end_of(group))]

    def _open(self) -> None:
        self.root.phase = Phase.RUNNING
        for node, phase in self._settle(self.root.children.values()):
            self._finish(node, phase, None)
        if not self.root.children:
            self._finish(self.root, Phase.SUCCEEDED, None)

    def _settle(self, waiting: Iterable[Node]) -> list[tuple[Node, Phase]]:
        """Count one blocker less for each; start those that have none left. Returns the ones that end at once."""
        ended: list[tuple[Node, Phase]] = []
        pending = deque(waiting)
        while pending:
            node = pending.popleft()
            node.blockers -= 1
            if node.blockers or node.phase.is_final:
                continue
            if self.halt:
                node.reason, node.message = self.halt.cause.reason, self.halt.cause.message
                ended.append((node, Phase.CANCELLED))
            elif phase := bind(node):
                ended.append((node, phase))
            elif isinstance(node, Leaf):
                if not node.is_started:  # restored as running: its Pod is looked for, never made again
                    self._ready[node.path] = node
            else:
                assert isinstance(node, Group)
                node.phase = Phase.RUNNING
                pending.extend(node.children.values())
                if not node.children:
                    ended.append((node, Phase.SUCCEEDED))
        return ended

    def _move(self, leaf: Leaf, phase: Phase) -> None:
        self.counts[leaf.phase] -= 1
        self.counts[phase] += 1
        leaf.phase = phase
        self._touch(leaf)

    def _hint(self, leaf: Leaf, reason: str, message: str) -> None:
        if not reason and leaf.attempt:
            return  # why the attempt before failed says more than nothing
        if leaf.trouble:
            message = f"{message}; {leaf.trouble}"
        if (leaf.reason, leaf.message) != (reason, message):
            leaf.reason, leaf.message = reason, message
            self._touch(leaf)

    def _touch(self, leaf: Leaf) -> None:
        self.version += 1
        leaf.changed = self.version
        self.unrecorded[leaf.path] = leaf
