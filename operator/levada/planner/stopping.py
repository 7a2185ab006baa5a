"""The part of the planner that stops a run before its time: why, what that does to its tasks, and what outlives it.

A run is cancelled, fails fast or takes longer than its timeout. A timeout counts what the attempts themselves say of
their ends: one that ended in time did, whenever that is seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from levada.graph.model import Datum, Graph
from levada.planner import reasons
from levada.planner.asking import Asking
from levada.planner.attempt import Failure, Success
from levada.planner.encoding import Row
from levada.planner.flow.halt import CANCELLED, Halt, failed_fast, stopped_for, timed_out
from levada.planner.flow.rerun import Results
from levada.planner.nodes import Gate, Group, Leaf, Phase

_BY_ITSELF = (Phase.SUCCEEDED, Phase.FAILED)


class Stopping(Asking):
    """A tree whose tasks may be stopped all together.

    Attributes
    ----------
    started
        When the run began, once it has.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Mapping[str, Datum],
        facts: Mapping[str, str],
        earlier: Results,
        started: datetime | None,
        recorded: Collection[Row] = (),
    ) -> None:
        self.started = started
        self._timeout = graph.timeout
        self._braced = False
        self._doomed: dict[str, Leaf] = {}
        super().__init__(graph, inputs, facts, earlier, recorded)
        if halt := stopped_for(recorded, self._timeout) or self._halt_for_lateness(recorded):
            self._brace(halt)

    def brace(self, *, cancel: bool) -> None:
        """Know that the run is being stopped before what became of its attempts is shown.

        What somebody stopped before a restart has ended for that, not by itself.
        """
        if self.halt is not None or self.root.state is not None or self.is_final:
            return
        if halt := CANCELLED if cancel else self._failure_to_stop_for():
            self._brace(halt)

    def steer(self, now: datetime, *, suspend: bool, cancel: bool) -> None:
        """Follow the run's `suspend` and `cancel`, and the clock.

        Show what is seen of attempts first: what runs is stopped, not lost. Cancelling cannot be taken back: what has
        not started ends at once, what runs is stopped.
        """
        self.is_suspended = suspend and not cancel
        if cancel and (self._braced or self.halt is None or self.halt.phase is not Phase.CANCELLED):
            self._halt(CANCELLED, now)
        self._halt_if_due(now)

    @property
    def _end_of_time(self) -> datetime | None:
        """When the run has taken too long."""
        return self.started + timedelta(seconds=self._timeout) if self.started and self._timeout is not None else None

    def _failure_to_stop_for(self) -> Halt | None:
        return failed_fast(self.failures[0]) if self.root.graph.fails_fast and self.failures else None

    def _brace(self, halt: Halt) -> None:
        """Stop for that as soon as all that is seen of attempts has been shown."""
        self.halt, self._braced = halt, True

    def _halt_if_due(self, now: datetime) -> None:
        """Stop a run that has to be."""
        halt = self.halt if self._braced else None
        if self.halt is None and self.root.state is None:
            end = self._end_of_time
            halt = self._failure_to_stop_for() or (timed_out(self._timeout or 0) if end and now >= end else None)
        if halt:
            self._halt(halt, now)

    def _halt(self, halt: Halt, now: datetime) -> None:
        """Stop what runs and keep the rest from starting, but for `finally`; nothing once all tasks have ended."""
        self._braced = False
        if self.is_final or self.root.state is not None:
            return
        self.halt = halt
        self.version += 1  # that tasks are being stopped is news, too
        for node in list(self.nodes.values()):
            if node.phase.is_final or node.survives or (isinstance(node, Group) and node.phase is not Phase.PENDING):
                continue
            if isinstance(node, Leaf) and node.is_started and not isinstance(node, Gate):
                self._doom(node, node.doom or halt.cause)
            else:
                node.reason, node.message = halt.cause.reason, halt.cause.message
                self.finish(node, Phase.CANCELLED, now)

    def _doom(self, leaf: Leaf, failure: Failure) -> None:
        """Stop an attempt: it ends for that."""
        leaf.doom = failure
        self._doomed[leaf.path] = leaf

    def _note_lateness(self, outcome: Success | Failure, now: datetime) -> None:
        """The run has taken too long where an attempt ended after its time; in doubt it did."""
        end = self._end_of_time
        is_open = self.halt is None and self.root.state is None
        if is_open and end and now >= end and not (outcome.finished and outcome.finished < end):
            self._brace(timed_out(self._timeout or 0))

    def _ended_before_the_halt(self, outcome: Failure) -> bool:
        """Whether an attempt failed by itself, before the run that is being stopped took too long."""
        end = self._end_of_time
        is_overdue = self.halt is not None and self.halt.cause.reason == reasons.RUN_TIMEOUT
        return bool(is_overdue and end and outcome.finished and outcome.finished < end)

    def _halt_for_lateness(self, rows: Collection[Row]) -> Halt | None:
        """A timeout that hit while the last tasks ran, and cancelled none: they ended well, but late."""
        end = self._end_of_time
        ran = [row for row in rows if row.started and not row.is_group and not row.path.startswith("finally.")]
        is_late = end and any(row.phase in _BY_ITSELF and row.finished and row.finished > end for row in ran)
        return timed_out(self._timeout or 0) if is_late else None
