"""The instances of a graph's tasks within one run: a tree of leaves (attempts at a container) and groups of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from levada.graph.model import ABSENT, Approval, Binding, Claim, Component, Datum, Graph, Input, Task
from levada.planner.attempt import Failure


class Phase(StrEnum):
    """Where a task stands; the last five are final."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    CACHED = "Cached"
    SKIPPED = "Skipped"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def is_final(self) -> bool:
        """Whether it never changes again."""
        return self not in (Phase.PENDING, Phase.RUNNING)

    @property
    def is_success(self) -> bool:
        """Whether there are outputs to go on with."""
        return self in (Phase.SUCCEEDED, Phase.CACHED)


@dataclass(slots=True, eq=False)
class Node:
    """What leaves and groups share: a place in the tree, what it waits for and who waits for it.

    Attributes
    ----------
    scope
        The graph among whose inputs and tasks its bindings are read; None for the run itself.
    parent
        The group that is told of its end: its scope, or the loop that it is an iteration of.
    survives
        Whether it runs whatever becomes of the rest: it is of a `finally`.
    item
        Of an iteration its item.
    options
        Of a task some of whose Pod's options had to be waited for: all of them.
    changed
        The run's version at its last change.
    """

    path: str
    task: Task
    scope: Scope | None
    parent: Group | None = None
    survives: bool = False
    item: Datum = ABSENT
    blockers: int = 0
    dependants: list[Node] = field(default_factory=list)
    phase: Phase = Phase.PENDING
    reason: str = ""
    message: str = ""
    inputs: Mapping[str, Datum] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Datum] = field(default_factory=dict)
    started: datetime | None = None
    finished: datetime | None = None
    changed: int = 0

    @property
    def declared_inputs(self) -> Mapping[str, Input]:
        """The inputs that the task's component or graph declares."""
        return self.task.body.inputs


@dataclass(slots=True, eq=False)
class Leaf(Node):
    """A container task; `attempt` counts from 0, `trouble` says why the attempt before failed, `miss` why it ran."""

    attempt: int = 0
    infra_failures: int = 0
    oom_kills: int = 0
    trouble: str = ""
    not_before: datetime | None = None
    is_started: bool = False
    doom: Failure | None = None
    exit_code: int | None = None
    log: str = ""
    pod: str = ""
    miss: str = ""

    def take_over(self, record: Leaf) -> None:
        """Stand where `record`, a free-standing leaf, stood; its phase is for the run to decide."""
        self.attempt, self.infra_failures, self.oom_kills = record.attempt, record.infra_failures, record.oom_kills
        self.started, self.not_before, self.pod = record.started, record.not_before, record.pod
        self.reason, self.message, self.trouble = record.reason, record.message, record.trouble
        self.exit_code, self.log, self.miss = record.exit_code, record.log, record.miss

    @property
    def component(self) -> Component:
        """What it runs."""
        assert isinstance(self.task.body, Component)
        return self.task.body


@dataclass(slots=True, eq=False)
class Gate(Leaf):
    """A task that waits for somebody's decision: nothing runs for it."""

    @property
    def approval(self) -> Approval:
        """What it asks, and how long."""
        assert isinstance(self.task.body, Approval)
        return self.task.body


@dataclass(slots=True, eq=False)
class Order(Leaf):
    """A task that the engine does itself, without a Pod: its attempts are started and observed like others."""

    @property
    def claim(self) -> Claim:
        """What is done to which claim."""
        assert isinstance(self.task.body, Claim)
        return self.task.body


@dataclass(slots=True, eq=False)
class Group(Node):
    """Nodes that end together; `unfinished` counts those of them that are waited for and not final."""

    unfinished: int = 0

    def members(self) -> Iterator[Node]:
        """What it consists of, in written order."""
        raise NotImplementedError

    def count_end(self, member: Node) -> None:
        """Note that one of them has ended."""
        assert member.parent is self
        self.unfinished -= 1


@dataclass(slots=True, eq=False)
class Scope(Group):
    """A nested graph, or the run itself.

    Attributes
    ----------
    children
        Its tasks by name, those of `finally` included.
    facts
        What `{run: ...}` says of the run: one mapping for all of its scopes.
    state
        How its tasks ended, once they have and those of `finally` begin.
    failures
        What of it made, or will make, it fail.
    overrun
        Of a run that took longer than its timeout: that it did.
    unfinished_finals
        Counts the tasks of `finally` that are not final; `unfinished` the others.
    """

    children: dict[str, Node] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    state: Phase | None = None
    failures: list[Node] = field(default_factory=list)
    overrun: Failure | None = None
    unfinished_finals: int = 0

    @property
    def graph(self) -> Graph:
        """What it runs."""
        assert isinstance(self.task.body, Graph)
        return self.task.body

    def members(self) -> Iterator[Node]:
        """Its tasks."""
        yield from self.children.values()

    def count_end(self, member: Node) -> None:
        """Note that one of its tasks has ended."""
        if member.task.name in self.graph.finals:
            self.unfinished_finals -= 1
        else:
            self.unfinished -= 1

    def tasks(self) -> Iterator[Node]:
        """Its tasks without those of `finally`."""
        return (self.children[name] for name in self.graph.tasks)

    def finals(self) -> Iterator[Node]:
        """Its `finally` tasks."""
        return (self.children[name] for name in self.graph.finals)


@dataclass(slots=True, eq=False)
class Iterations(Group):
    """A task with `forEach`: its iterations, once its items are known.

    Attributes
    ----------
    iterations
        In the order of the items.
    waiting
        Those that may not begin yet, first the next.
    shared
        The data of the inputs that are the same for all.
    of_item
        The bindings of the others.
    """

    iterations: list[Node] = field(default_factory=list)
    waiting: deque[Node] = field(default_factory=deque)
    shared: Mapping[str, Datum] = field(default_factory=dict)
    of_item: Mapping[str, Binding] = field(default_factory=dict)

    def members(self) -> Iterator[Node]:
        """Its iterations."""
        yield from self.iterations
