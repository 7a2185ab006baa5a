"""The instances of a graph's tasks within one run: a tree of leaves (attempts at a container) and groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from levada.graph.model import (
    ABSENT,
    Artifact,
    Binding,
    Component,
    Datum,
    External,
    Graph,
    Input,
    Literal,
    OneOf,
    Parameter,
    Task,
    TaskOutput,
)
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


class UnavailableError(LookupError):
    """An output that a skipped or failed task never made; carries the producer's phase."""

    def __init__(self, producer: Node) -> None:
        super().__init__(producer.path)
        self.producer = producer


@dataclass(slots=True, eq=False)
class Node:
    """What leaves and groups share: a place in the tree, what it waits for and who waits for it."""

    path: str
    task: Task
    scope: Group | None
    blockers: int = 0
    dependants: list[Node] = field(default_factory=list)
    phase: Phase = Phase.PENDING
    reason: str = ""
    message: str = ""
    inputs: Mapping[str, Datum] = field(default_factory=dict)
    outputs: Mapping[str, Datum] = field(default_factory=dict)
    finished: datetime | None = None

    @property
    def declared_inputs(self) -> Mapping[str, Input]:
        """The inputs that the task's component or graph declares."""
        return self.task.body.inputs


@dataclass(slots=True, eq=False)
class Leaf(Node):
    """A container task; `attempt` counts from 0, `changed` is the run's version at its last change.

    `trouble` says why the attempt before failed.
    """

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
    started: datetime | None = None
    changed: int = 0

    def take_over(self, record: Leaf) -> None:
        """Stand where `record`, a free-standing leaf, stood; its phase is for the run to decide."""
        self.attempt, self.infra_failures, self.oom_kills = record.attempt, record.infra_failures, record.oom_kills
        self.started, self.not_before, self.pod = record.started, record.not_before, record.pod
        self.reason, self.message, self.trouble = record.reason, record.message, record.trouble
        self.exit_code, self.log = record.exit_code, record.log

    @property
    def component(self) -> Component:
        """What it runs."""
        assert isinstance(self.task.body, Component)
        return self.task.body


@dataclass(slots=True, eq=False)
class Group(Node):
    """A nested graph, or the run itself; `unfinished` counts children that are not final."""

    children: dict[str, Node] = field(default_factory=dict)
    unfinished: int = 0

    @property
    def graph(self) -> Graph:
        """What it runs."""
        assert isinstance(self.task.body, Graph)
        return self.task.body

    def value(self, binding: Binding) -> Datum:
        """What `binding` stands for among this group's inputs and children.

        Raises
        ------
        UnavailableError
            When it names the output of a task that ended without outputs.
        """
        if isinstance(binding, Literal):
            return ABSENT if binding.value is None else binding.value
        if isinstance(binding, Parameter):
            return self.inputs.get(binding.name, ABSENT)
        if isinstance(binding, External):
            return Artifact(binding.uri)
        if isinstance(binding, OneOf):
            return self._first(binding)
        assert isinstance(binding, TaskOutput)
        producer = self.children[binding.task]
        if binding.output not in producer.outputs:
            raise UnavailableError(producer)
        return producer.outputs[binding.output]

    def _first(self, binding: OneOf) -> Datum:
        """Of exclusive branches the first that succeeded; where none did, a failure says more than a skip."""
        missing: list[Node] = []
        for choice in binding.choices:
            producer = self.children[choice.task]
            if producer.phase.is_success and choice.output in producer.outputs:
                return producer.outputs[choice.output]
            missing.append(producer)
        raise UnavailableError(next((node for node in missing if node.phase is not Phase.SKIPPED), missing[0]))

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf below, in written order."""
        for child in self.children.values():
            if isinstance(child, Group):
                yield from child.leaves()
            else:
                assert isinstance(child, Leaf)
                yield child


def grow(graph: Graph, inputs: Mapping[str, Datum]) -> Group:
    """The whole tree of a run of `graph`; every child waits for its group's start besides its predecessors."""
    root = Group("", Task("", graph), None, inputs=inputs)
    pending = [root]
    while pending:
        group = pending.pop()
        for name, task in group.graph.tasks.items():
            path = f"{group.path}.{name}" if group.path else name
            child: Node = Group(path, task, group) if isinstance(task.body, Graph) else Leaf(path, task, group)
            group.children[name] = child
            if isinstance(child, Group):
                pending.append(child)
        group.unfinished = len(group.children)
        for child in group.children.values():
            predecessors = child.task.predecessors()
            child.blockers = len(predecessors) + 1
            for predecessor in predecessors:
                group.children[predecessor].dependants.append(child)
    return root
