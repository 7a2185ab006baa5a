"""The graph as every frontend produces it and the planner runs it: frozen, recursive, free of YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneWordOf

from levada.graph.placeholders import Argument, Reference
from levada.graph.policies import NO_RETRY, Cache, Retry


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
"""What flows along an edge: a normal-form parameter value (see `graph.types`), an `Artifact`, a tuple of them (an
artifact list; a loop over loops gives tuples of tuples) or `ABSENT`."""


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


Convention = OneWordOf["Levada", "Kubeflow"]
"""Where a container finds its inputs and leaves its outputs: at paths of our own, or where Kubeflow has them, told by
`ExecutorInput` and answered in a file with the outputs' values and metadata."""


@dataclass(frozen=True, slots=True)
class Component:
    """A container with typed inputs and outputs; durations in seconds.

    The image and the quantities of `resources` may be an input's value.
    """

    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    image: str | Reference
    command: tuple[Argument, ...] = ()
    args: tuple[Argument, ...] = ()
    env: Mapping[str, Argument] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    output_grace: int = 120
    log_tail: bool = True
    convention: Convention = "Levada"


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
    """`{task: name, output: name}` within the same graph; of a loop, the iteration whose index is bound to `at`."""

    task: str
    output: str
    at: "Binding | None" = None


Missing = OneWordOf["Fail", "Omit", "Null"]
"""What stands for an output that an iteration did not make: nothing may, nothing does, or null does."""


@dataclass(frozen=True, slots=True)
class Collect:
    """`{collect: {task: name, output: name}}`: that output of every iteration of a loop, in the order of its items."""

    task: str
    output: str
    missing: Missing = "Fail"


@dataclass(frozen=True, slots=True)
class Item:
    """`{item: as.path}`: the item of the iteration, or what `path` leads to in it (keys of maps, indices of lists)."""

    path: tuple[str, ...] = ()


Fact = OneWordOf["name", "namespace", "uid", "startTime", "workspace", "phase", "failures"]


@dataclass(frozen=True, slots=True)
class RunFact:
    """`{run: fact}`; `phase` and `failures` are those of the graph in whose `finally` the binding stands.

    `workspace` is the folder that the tasks of a run share, where there is one (`graph.workspace`).
    """

    fact: Fact


@dataclass(frozen=True, slots=True)
class External:
    """`{uri: ...}`: data that no task made; `uri` and what is in `metadata` may be bindings themselves."""

    uri: "str | Binding"
    type: str = "Artifact"
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OneOf:
    """`{oneOf: [...]}`: of exclusive branches, the first that succeeded."""

    choices: tuple[TaskOutput, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A String of several parts: text as it is, and values as they read as text."""

    parts: "tuple[str | Binding, ...]"


@dataclass(frozen=True, slots=True)
class Compose:
    """A List or Dict with bindings in it, at any depth."""

    shape: Any


@dataclass(frozen=True, slots=True)
class Field:
    """What `path` leads to in a value; in text, in the JSON that the text is."""

    of: "Binding"
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinalStatus:
    """How a task of the same graph ended, as Kubeflow tells it: a Dict of `state`, `pipelineTaskName`, `error`..."""

    task: str


Binding = (
    Literal
    | Parameter
    | TaskOutput
    | External
    | OneOf
    | Collect
    | Item
    | RunFact
    | Text
    | Compose
    | Field
    | FinalStatus
)


def inner(binding: Any) -> tuple[Any, ...]:
    """The bindings that a binding, or a value with bindings in it, is made of."""
    if isinstance(binding, Text):
        return binding.parts
    if isinstance(binding, Compose):
        return (binding.shape,)
    if isinstance(binding, Field):
        return (binding.of,)
    if isinstance(binding, External):
        return (binding.uri, dict(binding.metadata))
    if isinstance(binding, OneOf):
        return binding.choices
    if isinstance(binding, TaskOutput):
        return () if binding.at is None else (binding.at,)
    if isinstance(binding, dict):
        return tuple(binding.values())
    return tuple(binding) if isinstance(binding, list) else ()


def producers(binding: Any) -> tuple[str, ...]:
    """The tasks of the same graph that a binding takes something from."""
    own = (binding.task,) if isinstance(binding, TaskOutput | Collect | FinalStatus) else ()
    return own + tuple(task for part in inner(binding) for task in producers(part))


def uses_item(binding: Any) -> bool:
    """Whether a binding stands for something else in each iteration."""
    return isinstance(binding, Item) or any(uses_item(part) for part in inner(binding))


@dataclass(frozen=True, slots=True)
class After:
    """An ordering edge; with `require_success` a predecessor that did not succeed skips the task."""

    task: str
    require_success: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """`forEach`: the task runs once for each of `items`, at most `parallelism` of them at once."""

    items: Binding
    parallelism: int | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A gate that waits until somebody lets the run pass, at most `timeout` seconds."""

    message: str = ""
    timeout: int | None = None
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)


Deed = OneWordOf["create", "delete"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim that a task makes or removes, without a Pod: its inputs say which.

    One that is owned goes with its run's object, if not before.
    """

    deed: Deed
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Output]
    is_owned: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A node of a graph: a component that runs in a Pod, a nested graph, a gate, or a deed done to a claim."""

    name: str
    body: "Component | Graph | Approval | Claim"
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
    loop: Loop | None = None
    """Over what it is repeated; then `inputs`, `when` and the policies are those of each iteration."""
    cache: Cache | None = None
    """Whether earlier results of the same work may be taken over; None when not."""
    bound_pod: "Compose | None" = None
    """Further options of the Pod with bindings in them; null leaves out the item that it stands in."""
    falls_back: bool = False
    """Whether an input with something to fall back on does so where its producer failed."""

    @property
    def size(self) -> int:
        """How many tasks it is itself, or each of its iterations, before any loop in it has begun."""
        return 1 + self.body.size if isinstance(self.body, Graph) else 1

    def predecessors(self) -> list[str]:
        """The tasks of the same graph that must be final before this one is decided, each once, in written order."""
        bindings: list[Any] = [*self.inputs.values(), *([self.loop.items] if self.loop else []), self.bound_pod]
        names = [name for binding in bindings for name in producers(binding)]
        return list(dict.fromkeys(names + [edge.task for edge in self.after]))


@dataclass(frozen=True, slots=True)
class Graph:
    """A pipeline: its inputs, its tasks by name, and where its outputs come from.

    Attributes
    ----------
    finals
        The `finally` tasks by name: they run when all others have ended, whatever became of those.
    timeout
        Seconds that a run of it may take, `finals` apart.
    parallelism
        How many attempts of a run of it may be under way at once.
    size
        How many tasks it has before any loop has begun: a loop is one, a nested graph with all that is in it.
    """

    inputs: Mapping[str, Input]
    tasks: Mapping[str, Task]
    outputs: Mapping[str, Binding] = field(default_factory=dict)
    finals: Mapping[str, Task] = field(default_factory=dict)
    timeout: int | None = None
    fails_fast: bool = False
    parallelism: int | None = None
    size: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tasks = [*self.tasks.values(), *self.finals.values()]
        size = sum(1 if task.loop else task.size for task in tasks)
        object.__setattr__(self, "size", size)  # here, for each of thousands of loops may ask
