"""The graph: parameters, tasks and the bindings between them. Inline in a run or as a Pipeline of its own."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from levada.api.base import Model
from levada.api.component import ComponentSpec
from levada.api.fields import Anything, Duration, Flag, NamedType, ObjectName, TaskName, Text, ValueName
from levada.api.list_map import ListMap
from levada.api.pod_template import PodTemplate
from levada.api.policies import HistoryLimit, Retry


class Parameter(Model):
    """A value, or an artifact, that a pipeline takes."""

    name: ValueName
    """Name of the parameter, unique in the pipeline."""

    type: NamedType | None = None
    """`String`, `Integer`, `Float`, `Boolean`, `List` or `Dict`; any other type is an artifact,
    which a run gives as `{uri: ...}`."""

    default: Any = None
    """Value if the run gives none."""

    optional: Flag = False
    """Whether a run may leave the parameter out though it has no default."""

    description: Text | None = None
    """What the parameter is, for readers."""


class Choice(Model):
    """One of the outputs that a value may come from."""

    task: TaskName
    """A task of the same pipeline."""

    output: ValueName
    """The output that is taken."""


class Binding(Model):
    """Where a value comes from: exactly one of `value`, `parameter`, `task` with `output`, `uri`, or `oneOf`."""

    LOCATION = "binding"
    EXACTLY_ONE = ("value", "parameter", "task", "uri", "oneOf")
    # In CEL this is over the cost budget at 10,000 tasks. Sources that are not built yet are refused on their own.
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["value"]},
                {"required": ["parameter"]},
                {"required": ["task", "output"]},
                {"required": ["uri"]},
                {"required": ["item"]},
                {"required": ["collect"]},
                {"required": ["oneOf"]},
                {"required": ["run"]},
            ]
        }
    )

    value: Any = None
    """A literal value. There is no null: it means absent, and an input that gets nothing is left out."""

    parameter: ValueName | None = None
    """A parameter of the pipeline."""

    task: TaskName | None = None
    """A task of the same pipeline, whose `output` is taken."""

    output: ValueName | None = None
    """The output of `task`."""

    uri: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]*://", max_length=4096)] | None = None
    """An artifact that exists already, such as `s3://bucket/folder/`."""

    one_of: Annotated[tuple[Choice, ...], Field(max_length=100, json_schema_extra={"minItems": 1})] | None = None
    """Of exclusive branches, the first that succeeded."""

    @model_validator(mode="after")
    def _task_with_output(self) -> Self:
        if (self.task is None) != (self.output is None):
            raise PydanticCustomError("task_and_output", "task and output belong together")
        return self


Bindings = Annotated[dict[ValueName, Binding], Field(max_length=256)]


class Reference(Model):
    """Another object in the same namespace."""

    name: ObjectName
    """Name of the object."""


class After(Model):
    """A task that must end before this one starts."""

    task: TaskName
    """Name of the other task."""

    require: Literal["Succeeded"] | None = None
    """`Succeeded`: this task is skipped if the other did not succeed. Without it, `after` only orders."""


def _after(value: object) -> object:
    """Read the short form: `after: [a]` is `after: [{task: a}]`."""
    return {"task": value} if isinstance(value, str) else value


class Task(Model):
    """A node of the graph: a component, and where its inputs come from."""

    LOCATION = "task"
    EXACTLY_ONE = ("componentRef", "componentSpec")
    model_config = ConfigDict(
        json_schema_extra={
            # A task is edited as a whole: its fields' owners would take more room than the tasks of a large pipeline.
            "x-kubernetes-map-type": "atomic",
            "x-kubernetes-validations": [
                {
                    # A task of a kind that is not built yet is refused as such, not for lacking a component.
                    # The usual case comes first: each `has` costs the API server 10 us.
                    "rule": "has(self.componentRef) != has(self.componentSpec) || has(self.approval)"
                    " || has(self.importer) || has(self.pipelineRef) || has(self.pipelineSpec) || has(self.resource)",
                    "message": "exactly one of componentRef and componentSpec is needed",
                }
            ],
        }
    )

    name: TaskName
    """Name of the task, unique in the pipeline."""

    description: Text | None = None
    """What the task is for, for readers."""

    component_ref: Reference | None = None
    """The Component to run, by name. Exactly one of `componentRef` and `componentSpec` is given."""

    component_spec: ComponentSpec | None = None
    """The component to run, inline."""

    inputs: Bindings = Field(default_factory=dict)
    """Where each input of the component comes from. Bindings to outputs of other tasks are the graph's edges."""

    after: Annotated[
        tuple[Annotated[After, BeforeValidator(_after), Anything], ...],
        Field(max_length=1000),
    ] = ()
    """Tasks that must end first: a name only orders (a skipped task satisfies it);
    `{task: a, require: Succeeded}` also skips this task when `a` did not succeed."""

    when: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """A CEL expression over `inputs`: the task is skipped where it is false. Inputs that only it names are allowed."""

    retry: Retry | None = None
    """Further attempts after a failure."""

    timeout: Duration | None = None
    """How long each attempt may run, from the start of its container."""

    on_failure: Literal["Continue", "Fail"] = "Fail"
    """`Continue`: the run does not fail with this task."""

    pod_template: PodTemplate | None = None
    """Options of this task's Pod; they go over those of the pipeline and the run."""


class PipelineSpec(Model):
    """A graph of tasks with parameters and outputs."""

    LOCATION = "pipeline"
    model_config = ConfigDict(
        json_schema_extra={
            # Not a plain `required`: a missing required field keeps all rules from running, also the one on `kfp`.
            "x-kubernetes-validations": [
                {
                    "rule": "has(self.tasks) || has(self.kfp)",
                    "message": "a pipeline needs tasks",
                    "fieldPath": ".tasks",
                    "reason": "FieldValueRequired",
                }
            ],
        }
    )

    description: Text | None = None
    """What the pipeline does, for readers."""

    parameters: Annotated[tuple[Parameter, ...], ListMap("name"), Field(max_length=256)] = ()
    """Values and artifacts that a run gives."""

    tasks: Annotated[tuple[Task, ...], ListMap("name"), Field(max_length=10_000, json_schema_extra={"minItems": 1})]
    """The nodes of the graph. Tasks whose inputs are ready start at once, side by side."""

    outputs: Bindings = Field(default_factory=dict)
    """Results of the pipeline, by name."""

    timeout: Duration | None = None
    """How long a run may take, unless it says so itself."""

    fail_fast: Flag | None = None
    """Whether a run stops at its first failure, unless it says so itself."""

    history_limit: HistoryLimit | None = None
    """How many finished runs that refer to this Pipeline stay."""

    pod_template: PodTemplate | None = None
    """Options of all the pipeline's Pods."""

    @model_validator(mode="after")
    def _has_tasks(self) -> Self:
        # Not `min_length`: that also complains when there are tasks and each has a mistake of its own.
        if not self.tasks:
            raise PydanticCustomError("no_tasks", "a pipeline needs at least one task")
        return self
