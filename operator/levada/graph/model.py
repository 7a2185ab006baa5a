"""The graph as every frontend produces it and the planner runs it: frozen, recursive, free of YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.graph.placeholders import Argument
from levada.graph.policies import NO_RETRY, Retry


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or folder in the store, or an external one (`digest` is None until it was fingerprinted)."""

    uri: str
    digest: str | None = None
    type: str = "Artifact"
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Absent:
    """What an optional input without a value is bound to."""


ABSENT = Absent()

Datum = Any
"""What flows along an edge: a normal-form parameter value (see `graph.types`), an `Artifact` or `ABSENT`."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a component or a graph; `default` is ABSENT when there is none.

    An input without a declared type (`declared` false) that is a parameter is a String and takes any other parameter
    by its text.
    """

    name: str
    type: str
    is_parameter: bool
    is_optional: bool = False
    default: Datum = ABSENT
    declared: bool = True

    @property
    def may_be_absent(self) -> bool:
        """Whether nothing has to be bound to it."""
        return self.is_optional or self.default is not ABSENT


@dataclass(frozen=True, slots=True)
class Output:
    """An output of a component or a graph."""

    name: str
    type: str
    is_parameter: bool


@dataclass(frozen=True, slots=True)
class Component:
    """A container with typed inputs and outputs; durations in seconds."""

    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    image: str
    command: tuple[Argument, ...] = ()
    args: tuple[Argument, ...] = ()
    env: Mapping[str, Argument] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    output_grace: int = 120
    log_tail: bool = True


@dataclass(frozen=True, slots=True)
class Literal:
    """`{value: ...}`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """`{parameter: name}`: an input of the enclosing graph."""

    name: str


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """`{task: name, output: name}` within the same graph."""

    task: str
    output: str


@dataclass(frozen=True, slots=True)
class External:
    """`{uri: ...}`: data that no task made."""

    uri: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """`{oneOf: [...]}`: of exclusive branches, the first that succeeded."""

    choices: tuple[TaskOutput, ...]


Binding = Literal | Parameter | TaskOutput | External | OneOf


def producers(binding: Binding) -> tuple[str, ...]:
    """The tasks of the same graph that a binding takes something from."""
    if isinstance(binding, OneOf):
        return tuple(choice.task for choice in binding.choices)
    return (binding.task,) if isinstance(binding, TaskOutput) else ()


@dataclass(frozen=True, slots=True)
class After:
    """An ordering edge; with `require_success` a predecessor that did not succeed skips the task."""

    task: str
    require_success: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A node of a graph: a component that runs in a Pod, or a nested graph."""

    name: str
    body: "Component | Graph"
    inputs: Mapping[str, Binding] = field(default_factory=dict)
    after: tuple[After, ...] = ()
    pod: Mapping[str, Any] = field(default_factory=dict)
    """The `podTemplate` that holds for this task, already merged (run, pipeline, task)."""

    retry: Retry = NO_RETRY
    timeout: int | None = None
    """How long each attempt may run, in seconds."""
    is_tolerated: bool = False
    """Whether its failure leaves the run alone (`onFailure: Continue`)."""
    when: str | None = None
    """The condition under which it runs; it may name inputs that the body does not have."""

    def predecessors(self) -> list[str]:
        """The tasks of the same graph that must be final before this one is decided, each once, in written order."""
        names = [name for binding in self.inputs.values() for name in producers(binding)]
        return list(dict.fromkeys(names + [edge.task for edge in self.after]))


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline: its inputs, its tasks by name, and where its outputs come from; `timeout` in seconds."""

    inputs: Mapping[str, Input]
    tasks: Mapping[str, Task]
    outputs: Mapping[str, Binding] = field(default_factory=dict)
    timeout: int | None = None
    fails_fast: bool = False
