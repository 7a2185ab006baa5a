"""The tasks of one run at work: what becomes of their processes goes to the planner, what it wants is done.

Order of writes: the starter notes a process' end, outputs go to the store, the result into the journal; only then is
anything built on it, and only then is the attempt's folder cleared.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from levada.graph.model import Component
from levada.local import claims
from levada.local import processes as seen
from levada.local.answers import Answers
from levada.local.approvals import Approvals
from levada.local.attempt import Attempt, moment
from levada.local.home import RunFolder, attempt_key, folder_error
from levada.local.interrupts import Interrupts
from levada.local.journal import End, Journal
from levada.local.opening import Opened
from levada.local.processes import Processes
from levada.local.python import wants_python
from levada.local.record import Record, record_of, view_of, views_of
from levada.local.runners import Starts
from levada.local.starter import TOKEN
from levada.local.surroundings import template_environment
from levada.local.workers import Workers
from levada.planner.approvals import settle
from levada.planner.attempt import Failure, Running, Success, Waiting
from levada.planner.encoding import plain_outputs, row_of, timestamp
from levada.planner.flow.retry import template_of
from levada.planner.layout import Layout, argument_too_long, lay_out
from levada.planner.locations import attempt_root
from levada.planner.nodes import Leaf, Order
from levada.planner.run import Start
from levada.planner.status import standing
from levada.store.errors import DiskFullError, StoreError

if TYPE_CHECKING:
    from levada.store.stores import Stores

STOP_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL for a task that must stop."""
_READY = 32
_FULL = 28


class Tasks:
    """All attempts of one run; everything happens in the caller's thread but for moving data."""

    def __init__(
        self,
        folder: RunFolder,
        opened: Opened,
        processes: Processes,
        journal: Journal,
        starts: Starts,
        interrupts: Interrupts,
        approvals: Approvals,
        stores: Callable[[], Stores],
        parallelism: int,
    ) -> None:
        self._folder = folder
        self._head = opened.head
        self._run = opened.run
        self._rows = dict(opened.recorded.rows)
        self._views = views_of(opened.head, opened.recorded.rows)
        self._changed: set[str] = set()
        self._ended_before = dict(opened.ended)
        self._end: End | None = None
        self._processes = processes
        self._journal = journal
        self._starts = starts
        self._interrupts = interrupts
        self._approvals = approvals
        self._asked: set[str] = set()
        self._stores = stores
        self._parallelism = parallelism
        self._workers = Workers(parallelism, interrupts.ring)
        self._answers = Answers(opened.run, self._workers, stores, opened.head)
        self._queue: deque[Start] = deque()
        self._live: dict[str, Attempt] = {}
        self._done: list[Attempt] = []
        self._removed: list[Order] = []
        self._stopping = False

    @property
    def is_over(self) -> bool:
        """Whether the run has ended and that is noted."""
        return self._end is not None

    @property
    def running(self) -> int:
        """Attempts under way."""
        return len(self._live)

    @property
    def version(self) -> int:
        """Grows with every change of the record."""
        return self._run.version

    def record(self) -> Record:
        """How the run stands."""
        self._views.update((path, view_of(self._rows[path])) for path in self._changed)
        self._changed.clear()
        return record_of(self._head, self._views, self._run.counts, self._end, is_held=not self._stopping)

    def advance(self) -> datetime | None:
        """Note what happened, and start and stop what the planner says. Returns when to come back by itself."""
        while self._ended_before:
            path, ended = self._ended_before.popitem()
            self._take_up(self._run.leaves[path], ended)
        while True:
            self._note()
            self._answers.ask()
            if self._run.is_final and not self._live:
                self._finish()
                return None
            version = self._run.version
            settle(self._run, self._approvals.said, _now())
            plan = self._run.plan(_now())
            for start in plan.starts:
                if isinstance(start.leaf, Order):
                    self._carry_out(start.leaf)
                else:
                    self._queue.append(start)
            for leaf in plan.stops:
                self._stop(leaf)
            while self._queue and len(self._live) < self._room(self._queue[0].leaf):
                self._start(self._queue.popleft())
            if version == self._run.version:
                return plan.wake

    def wait(self, seconds: float | None) -> None:
        """Wait until something happens, at most so long, and take it in.

        Raises
        ------
        LocalError
            The starter is gone, or there is no room left.
        """
        sources: list[socket.socket | int] = [self._processes.channel, self._interrupts.bell, *self._approvals.bells]
        readable, _, _ = select.select(sources, [], [], seconds)
        if self._interrupts.bell in readable:
            self._interrupts.silence()
            self._workers.deliver()
        if self._processes.channel in readable:
            for event in self._processes.receive():
                self._take_in(event)
        if any(bell in readable for bell in self._approvals.bells):
            self._approvals.hear()

    def questions(self) -> list[str]:
        """What gates ask of people, each once: how to answer."""
        new = [gate for path, gate in self._run.gates.items() if path not in self._asked]
        self._asked |= {gate.path for gate in new}
        return [
            f"{gate.path} {gate.message}; in another terminal: levada approve {self._head.name} '{gate.path}' --local"
            for gate in new
        ]

    def tidy(self) -> None:
        """Wait until all that is not needed any more is removed."""
        while self._workers.under_way and not self._interrupts.count:
            select.select([self._interrupts.bell], [], [])
            self._interrupts.silence()
            self._workers.deliver()

    def stop_all(self, grace: float) -> None:
        """End every attempt without a result: another day they start anew."""
        self._stopping = True
        self._queue.clear()
        for attempt in self._live.values():
            self._processes.stop(attempt.key, grace, for_good=True)

    def settle(self) -> bool:
        """After `stop_all`: note what came to an end all the same; whether everything has."""
        self._note()
        return not self._live

    def settle_at_once(self) -> bool:
        """Like `settle`, but data that is still being moved is left where it is."""
        return self.settle() or len(self._live) <= self._workers.under_way

    def _note(self) -> None:
        """Write what changed, so that it may be built on."""
        if self._run.unrecorded:
            version = self._run.version
            rows = [row_of(leaf, None) for leaf in self._run.unrecorded.values()]
            self._journal.add(rows)
            self._rows.update((row.path, row) for row in rows)
            self._changed.update(row.path for row in rows)
            self._run.mark_recorded(version)
        for attempt in self._done:
            if not attempt.is_clear():
                self._workers.submit(attempt.clear, _ignore)
        self._done.clear()
        for order in self._removed:
            claims.forget(order, self._folder.home, self._head.uid)
        self._removed.clear()

    def _finish(self) -> None:
        verdict = standing(self._run)
        outputs = plain_outputs(self._run.root.outputs) or {}
        finished = timestamp(_now()) or ""
        self._end = End(verdict.phase, verdict.reason, verdict.message, finished, outputs)
        self._journal.end(self._end)

    def _carry_out(self, order: Order) -> None:
        """Do at once what takes no process."""
        outcome = claims.carry_out(order, self._folder.home, self._head.uid)
        self._run.observe(order.path, order.attempt, outcome, _now(), dead=True)
        if isinstance(outcome, Success) and order.claim.deed == "delete":
            self._removed.append(order)

    def _start(self, start: Start) -> None:
        attempt = self._attempt(start.leaf)
        mounts = claims.mounts_of(start.template, self._folder.home) if self._starts.uses_images else ()
        if trouble := argument_too_long(attempt.layout) or (mounts if isinstance(mounts, Failure) else None):
            self._observe(attempt, trouble)
            return
        assert not isinstance(mounts, Failure)
        attempt.mounts = mounts
        self._live[attempt.key] = attempt
        attempt.make()
        if attempt.moves_data:
            self._workers.submit(lambda: attempt.stage(self._stores), lambda _, error: self._staged(attempt, error))
        else:
            self._launch(attempt)

    def _room(self, leaf: Leaf) -> int:
        """How many attempts may be under way for this one to join them: those that run, and those that stand ready.

        The starter follows an end by a start at once, so some should; but what brings data takes room on the disk.
        """
        component = leaf.component
        brings_data = any(not declared.is_parameter for declared in component.inputs.values())
        return self._parallelism + (self._parallelism if brings_data else max(self._parallelism, _READY))

    def _attempt(self, leaf: Leaf) -> Attempt:
        key = attempt_key(leaf.path, leaf.attempt)
        folder, log = str(self._folder.work(key)), str(self._folder.log(key))
        place = (self._head.namespace, self._head.uid, leaf.path, leaf.attempt)
        root = attempt_root(self._folder.store_url, *place)
        layout = lay_out(leaf.component, leaf.inputs, folder, root)
        environment = layout.run.env | {
            "LEVADA_RUN": self._head.name,
            "LEVADA_NAMESPACE": self._head.namespace,
            "LEVADA_TASK": leaf.path,
            "LEVADA_ATTEMPT": str(leaf.attempt),
        }
        environment |= template_environment(template_of(leaf)) | {TOKEN: f"{self._head.uid}/{key}"}
        tools = self._tools(leaf.component, layout)
        return Attempt(leaf.path, leaf.attempt, key, leaf.component, layout, folder, log, root, environment, tools)

    def _tools(self, component: Component, layout: Layout) -> Path | None:
        """Where what a Python of its own needs is kept, for an attempt that gets one: Kubeflow's install packages."""
        is_own = component.convention == "Kubeflow" and not self._starts.uses_images
        return self._folder.tools if is_own and wants_python([*layout.run.command, *layout.run.args]) else None

    def _staged(self, attempt: Attempt, error: BaseException | None) -> None:
        if isinstance(error, StoreError) and not isinstance(error, DiskFullError):
            self._observe(attempt, Failure(error.reason, error.message))
        elif error:
            raise self._trouble(error)
        elif self._stopping:
            self._forget(attempt)
        elif attempt.is_stopping:
            self._observe(attempt, Failure("Stopped", "it was stopped before it started"))
        else:
            self._launch(attempt)

    def _launch(self, attempt: Attempt) -> None:
        argv, environment = self._starts.command(attempt, self._head.uid)
        self._processes.start(attempt.key, argv, environment, attempt.folder, attempt.log)

    def _take_in(self, event: seen.Event) -> None:
        attempt = self._live.get(event.attempt)
        if attempt is None:
            return
        if isinstance(event, seen.Started):
            self._run.observe(attempt.path, attempt.number, Running(moment(event.at)), _now())
        elif isinstance(event, seen.Unstartable):
            if event.errno == _FULL:
                raise self._trouble(OSError(event.errno, event.text))
            self._observe(attempt, attempt.unstartable(event))
        elif self._starts.uses_images:
            self._workers.submit(
                lambda: self._starts.end(attempt, self._head.uid), lambda *_: self._ended(attempt, event)
            )
        else:
            self._ended(attempt, event)

    def _ended(self, attempt: Attempt, event: seen.Ended | seen.Stopped) -> None:
        if isinstance(event, seen.Stopped):
            if self._stopping:
                self._forget(attempt)
            else:
                self._observe(attempt, Failure("Stopped", "it was stopped before it started"))
        elif outcome := attempt.outcome(event):
            self._observe(attempt, outcome)
        else:
            self._workers.submit(
                lambda: attempt.collect(self._stores(), event),
                lambda outcome, error: self._collected(attempt, outcome, error),
            )

    def _collected(self, attempt: Attempt, outcome: Any, error: BaseException | None) -> None:
        if error:
            raise self._trouble(error)
        self._observe(attempt, outcome)

    def _take_up(self, leaf: Leaf, ended: Any) -> None:
        """Go on with an attempt whose process ended while nobody was there to look at its outputs."""
        attempt = self._attempt(leaf)
        attempt.find_homes()
        self._live[attempt.key] = attempt
        self._ended(attempt, seen.Ended(attempt.key, *ended))

    def _observe(self, attempt: Attempt, outcome: Success | Failure) -> None:
        self._forget(attempt)
        self._run.observe(attempt.path, attempt.number, outcome, _now(), dead=True)
        if isinstance(outcome, Success):
            self._done.append(attempt)

    def _stop(self, leaf: Leaf) -> None:
        attempt = self._live.get(attempt_key(leaf.path, leaf.attempt))
        if any(start.leaf is leaf for start in self._queue):
            self._queue = deque(start for start in self._queue if start.leaf is not leaf)
            self._run.observe(leaf.path, leaf.attempt, Waiting(), _now(), dead=True)
        elif attempt and not attempt.is_stopping:
            attempt.is_stopping = True
            self._processes.stop(attempt.key, STOP_GRACE)

    def _forget(self, attempt: Attempt) -> None:
        self._live.pop(attempt.key, None)

    def _trouble(self, error: BaseException) -> BaseException:
        """What is no task's fault and ends the engine: above all a full disk."""
        if isinstance(error, DiskFullError):
            return folder_error(self._folder.home, OSError(_FULL, error.message))
        return folder_error(self._folder.home, error) if isinstance(error, OSError) else error


def _ignore(_: Any, error: BaseException | None) -> None:
    """What cannot be removed stays."""


def _now() -> datetime:
    return datetime.now(UTC)
