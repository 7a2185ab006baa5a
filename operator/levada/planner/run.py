"""The planner: what of a run may start now, decided from what is observed and nothing else.

This is the part that knows attempts; `planner.tree` knows what follows from their ends, `planner.stopping` what ends
them all. Built anew from records after a restart it decides the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from datetime import datetime

from levada.graph.model import Datum, Graph
from levada.planner import reasons
from levada.planner.attempt import Doomed, Failure, Running, Sighting, Success, Waiting
from levada.planner.encoding import Row
from levada.planner.flow import gates
from levada.planner.flow.gates import Verdict
from levada.planner.flow.rerun import NOTHING, Results
from levada.planner.flow.retry import template_of, wait_before_next
from levada.planner.flow.timeouts import Deadlines, overrun
from levada.planner.nodes import Gate, Leaf, Node, Phase
from levada.planner.plan import Plan, Start
from levada.planner.stopping import Stopping

__all__ = ["Plan", "Run", "Start"]


class Run(Stopping):
    """One run: its tree of tasks, advanced by observations.

    Parameters
    ----------
    graph, inputs
        What runs, and the values of its parameters.
    started
        When it began; None: with the first plan.
    facts
        What `{run: name}`, `{run: namespace}`, `{run: uid}` and `{run: startTime}` stand for.
    earlier
        What is taken over from another run.
    recorded
        After a restart all that was written of the tasks; then `restore` each.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[str, Datum],
        *,
        started: datetime | None = None,
        facts: Mapping[str, str] | None = None,
        earlier: Results = NOTHING,
        recorded: Collection[Row] = (),
    ) -> None:
        self.recorded = 0
        self.under_way: dict[str, Leaf] = {}
        self._delayed: list[tuple[datetime, str, int, Leaf]] = []
        self._deadlines = Deadlines()
        super().__init__(graph, inputs, facts or {}, earlier, started, recorded)

    @property
    def wanted(self) -> int:
        """How many attempts could start now, if other runs left room for them."""
        if self.is_suspended:
            return 0
        limit = self.root.graph.parallelism
        return len(self._ready) if limit is None else max(0, min(len(self._ready), limit - len(self.under_way)))

    def observe(self, path: str, attempt: int, sighting: Sighting, now: datetime, *, dead: bool = False) -> None:
        """Take in what an attempt is seen to do; `dead` when it is proven that nothing of it runs any more.

        Old attempts and final tasks are past changing: what is seen of them is ignored (I2, I3).
        """
        leaf = self.leaves.get(path)
        if leaf is None or leaf.phase.is_final or attempt != leaf.attempt:
            return
        self._begin(leaf)
        if leaf.doom:
            if dead:
                self._end(leaf, leaf.doom, now)
        elif isinstance(sighting, Doomed):
            self._doom(leaf, sighting.failure)
            if dead:
                self._end(leaf, sighting.failure, now)
        elif isinstance(sighting, Waiting):
            self.hint(leaf, sighting.reason, sighting.message)
        elif isinstance(sighting, Running):
            self._note_running(leaf, sighting.since or now)
        elif isinstance(sighting, Success | Failure):
            self._end(leaf, sighting, now)

    def refuse(self, path: str, reason: str, message: str, retry_at: datetime) -> None:
        """Note that the attempt could not be started yet (quota, admission, ...) and is to be tried again."""
        leaf = self.leaves[path]
        leaf.not_before = retry_at
        self._wait(leaf)
        self.hint(leaf, reason, message)

    def decide(self, path: str, verdict: Verdict, now: datetime) -> None:
        """Take in what somebody decided about a gate that is open; of others nothing is decided yet, or any more."""
        if gate := self.gates.get(path):
            self.finish(gate, gates.pass_verdict(gate, verdict, now), now)

    def restore(self, path: str, record: Node, now: datetime) -> None:
        """Take over what was recorded of a node before a restart; `record` is a free-standing one.

        Show them in the order of `nodes`: what a task left decides which iterations there are.
        """
        node = self.nodes.get(path)
        if node is None:
            return
        if node.phase.is_final or not isinstance(node, Leaf):
            # Of a group all follows from its tasks; a task skipped a moment ago, by the record of what it waited for,
            # was skipped then.
            node.started, node.finished = record.started or node.started, record.finished or node.finished
            return
        assert isinstance(record, Leaf)
        node.take_over(record)
        if record.phase.is_final:
            node.outputs, node.finished = record.outputs, record.finished
            self._drop(node)
            self.finish(node, record.phase, now)
            self.settled()  # long ago
        elif record.phase is Phase.RUNNING:
            self._begin(node)
            if node.phase is not Phase.RUNNING:
                self.move(node, Phase.RUNNING)
            self._deadlines.watch(node)
        else:
            self.touch(node)  # or the next record would forget how many attempts there were

    def plan(self, now: datetime, room: int | None = None) -> Plan:
        """What to do now, with at most `room` starts; those it returns are not returned again unless refused."""
        later = self._look_at_the_clock(now)
        stops = list(self._doomed.values())
        ready = self._choose(now, room)
        moments = [] if self.is_suspended else self._lookups.moments
        wake = min([*later, *moments, *(entry[0] for entry in self._delayed[:1])], default=None)
        if any(leaf.attempt and leaf.changed > self.recorded for leaf in ready):
            # I4: the failure of the attempt before is recorded first. Starts named now would be lost to the next plan.
            return Plan(stops=stops, flush=True, wake=wake)
        for leaf in ready:
            self._begin(leaf)
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

    def _choose(self, now: datetime, room: int | None) -> list[Leaf]:
        """The leaves to start, in the order in which they became ready."""
        while self._delayed and self._delayed[0][0] <= now:
            _, path, attempt, leaf = heapq.heappop(self._delayed)
            if leaf.attempt == attempt and not leaf.is_started and not leaf.phase.is_final:
                self._ready[path] = leaf
        limit = self.root.graph.parallelism
        bounds = [room, None if limit is None else limit - len(self.under_way)]
        most = min([bound for bound in bounds if bound is not None], default=len(self._ready))
        chosen: list[Leaf] = []
        early: list[Leaf] = []
        for leaf in () if self.is_suspended or most <= 0 else self._ready.values():
            if leaf.not_before and leaf.not_before > now:
                early.append(leaf)
                continue
            chosen.append(leaf)
            if len(chosen) >= most:
                break
        for leaf in early:
            self._wait(leaf)
        return chosen

    def _look_at_the_clock(self, now: datetime) -> list[datetime]:
        """Stop what has run for too long, and a run that fails fast; when to look again."""
        self.started = self.started or now
        self._halt_if_due(now)
        for gate in [gate for gate in self.gates.values() if gate.started is None]:
            gate.started = now
            self._deadlines.watch(gate)
            self.touch(gate)
        for leaf in self._deadlines.passed(now):
            if isinstance(leaf, Gate):
                self.finish(leaf, gates.expire(leaf, now), now)
            else:
                self._doom(leaf, overrun(leaf))
        ends = (self._deadlines.next, None if self.halt or self.root.state else self._end_of_time)
        return [] if self.is_final else [moment for moment in ends if moment]

    def _begin(self, leaf: Leaf) -> None:
        """An attempt is under way, as far as anybody knows."""
        leaf.is_started = True
        self._ready.pop(leaf.path, None)
        if not isinstance(leaf, Gate):
            self.under_way[leaf.path] = leaf

    def _note_running(self, leaf: Leaf, since: datetime) -> None:
        """Its attempt runs, and waits for nothing any more."""
        if leaf.phase is not Phase.RUNNING:
            leaf.started = since
            leaf.reason, leaf.message, leaf.exit_code, leaf.log = "", "", None, ""
            self.move(leaf, Phase.RUNNING)
            self._note_start(leaf)
            self._deadlines.watch(leaf)
        elif leaf.reason:
            self.hint(leaf, "", "")  # its Pod was missed, say, and is there after all

    def _note_start(self, leaf: Leaf) -> None:
        """Groups have started with the first attempt in them."""
        group = leaf.parent
        while group is not None and group.started is None and leaf.started:
            group.started = leaf.started
            self.touch(group)
            group = group.parent

    def _drop(self, leaf: Leaf) -> None:
        """No attempt is under way."""
        leaf.is_started = False
        self._doomed.pop(leaf.path, None)
        self.under_way.pop(leaf.path, None)

    def _wait(self, leaf: Leaf) -> None:
        """No attempt is under way, and none is to start before `not_before`."""
        self._drop(leaf)
        self._ready.pop(leaf.path, None)
        if not leaf.blockers and leaf.not_before:  # seen before what it waited for, after a restart: not bound yet
            heapq.heappush(self._delayed, (leaf.not_before, leaf.path, leaf.attempt, leaf))

    def _end(self, leaf: Leaf, outcome: Success | Failure, now: datetime) -> None:
        self._drop(leaf)
        leaf.started = outcome.started or leaf.started
        self._note_start(leaf)
        if self._timeout is not None:
            self._note_lateness(outcome, now)
        if isinstance(outcome, Success):
            leaf.outputs, leaf.reason, leaf.message, leaf.finished = outcome.outputs, "", "", outcome.finished or now
            leaf.exit_code = None
            self.finish(leaf, Phase.SUCCEEDED, now)
            return
        leaf.reason, leaf.message = outcome.reason, outcome.message
        leaf.exit_code, leaf.log = outcome.exit_code, outcome.log
        wait = wait_before_next(leaf, outcome)
        if self.halt and not leaf.survives and (wait is not None or not self._ended_before_the_halt(outcome)):
            leaf.finished = outcome.finished or now
            leaf.reason, leaf.message = self.halt.cause.reason, self.halt.cause.message
            self.finish(leaf, Phase.CANCELLED, now)
        elif wait is not None:
            self._try_again(leaf, now + wait)
        else:
            leaf.finished = outcome.finished or now
            self.finish(leaf, Phase.FAILED, now)

    def _try_again(self, leaf: Leaf, at: datetime) -> None:
        leaf.not_before = at
        leaf.trouble = f"attempt {leaf.attempt} failed: {leaf.reason}: {leaf.message}"
        leaf.infra_failures += reasons.is_infrastructure(leaf.reason)
        leaf.oom_kills += leaf.reason == reasons.OOM_KILLED
        leaf.attempt += 1
        leaf.doom, leaf.started = None, None
        self._wait(leaf)
        self.move(leaf, Phase.PENDING)
