"""The graph: parameters, tasks and the bindings between them. Inline in a run or as a Pipeline of its own."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from levada.api.base import Model, one_of
from levada.api.bindings import Bindings
from levada.api.component import ComponentSpec
from levada.api.fields import (
    Anything,
    Checked,
    Duration,
    Flag,
    Integer,
    LoopName,
    NamedType,
    ObjectName,
    TaskName,
    Text,
    ValueName,
)
from levada.api.list_map import ListMap
from levada.api.pod_template import PodTemplate
from levada.api.policies import Cache, HistoryLimit, Retry

Parallelism = Annotated[Integer, Field(ge=1, le=100_000)]
Compiled = Annotated[str, Field(min_length=1, max_length=1_000_000)]
"""The text of a compiled Kubeflow file."""


class Parameter(Model):
    """A value, or an artifact, that a pipeline takes."""

    name: ValueName
    """Name of the parameter, unique in the pipeline."""

    type: NamedType | None = None
    """`String`, `Integer`, `Float`, `Boolean`, `List` or `Dict`; `Any` takes each
    of these and hands it on. Any other type is an artifact, which a run gives as `{uri: ...}`."""

    default: Any = None
    """Value if the run gives none."""

    optional: Flag = False
    """Whether a run may leave the parameter out though it has no default."""

    description: Text | None = None
    """What the parameter is, for readers."""


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


class ForEach(Model):
    """What a task is repeated for: exactly one of `items` and `matrix`."""

    EXACTLY_ONE = ("items", "matrix")
    model_config = one_of(*EXACTLY_ONE)

    items: Any = None
    """A list, or a binding that gives one: `{parameter: p}`, `{task: t, output: o}`, `{collect: ...}`."""

    matrix: (
        Annotated[dict[ValueName, tuple[Any, ...]], Field(max_length=16, json_schema_extra={"minProperties": 1})] | None
    ) = None
    """Lists by name: each combination of their values is an item, a map with those names."""

    as_: LoopName = Field(default="item", alias="as")
    """What the item is called in `{item: ...}`; `item` where nothing is given."""

    parallelism: Parallelism | None = None
    """How many iterations may be under way at once; all where nothing is given."""


class Approval(Model):
    """A gate that waits until somebody lets the run pass (`levada approve RUN TASK`)."""

    message: Text = ""
    """What is asked."""

    timeout: Duration | None = None
    """How long an answer is waited for; for ever where nothing is given."""


class Importer(Model):
    """Makes known an artifact that stands somewhere already, as the output `artifact`."""

    uri: Annotated[Any, Anything]
    """Where it stands, such as `s3://bucket/folder/`; also `{inputValue: x}`, or `{concat: [...]}` of both."""

    type: Text | None = None
    """The type of the artifact; `Artifact`, which goes with every other, where nothing is given."""

    metadata: Annotated[dict[str, Any], Field(max_length=256)] | None = None
    """What is to be known of it; `{inputValue: x}` and `{concat: [...]}` may stand for text."""


_BODIES = ("componentRef", "componentSpec", "pipelineRef", "pipelineSpec", "approval", "importer")


class Task(Model):
    """A node of the graph: what it runs, and where its inputs come from."""

    LOCATION = "task"
    EXACTLY_ONE = _BODIES
    model_config = ConfigDict(
        json_schema_extra={
            # A task is edited as a whole: its fields' owners would take more room than the tasks of a large pipeline.
            "x-kubernetes-map-type": "atomic",
            # Not in CEL: each `has` costs the API server 10 us, seven of them in each of 10,000 tasks 0.7 s.
            # A task of a kind that is not built yet is refused as such, not for lacking a component.
            "oneOf": [{"required": [body]} for body in (*_BODIES, "resource")],
        }
    )

    name: TaskName
    """Name of the task, unique in the pipeline."""

    description: Text | None = None
    """What the task is for, for readers."""

    component_ref: Reference | None = None
    """The Component to run, by name. Exactly one of `componentRef`, `componentSpec`, `pipelineRef`, `pipelineSpec`,
    `approval` and `importer` is given."""

    component_spec: ComponentSpec | None = None
    """The component to run, inline."""

    pipeline_ref: Reference | None = None
    """The Pipeline to run as a nested graph, by name."""

    pipeline_spec: Annotated["PipelineSpec | None", Checked] = None
    """The nested graph to run, inline."""

    approval: Approval | None = None
    """A gate that waits until somebody lets the run pass."""

    importer: Importer | None = None
    """An artifact that stands somewhere already."""

    inputs: Bindings = Field(default_factory=dict)
    """Where each input of the component, or parameter of the nested pipeline, comes from.
    Bindings to outputs of other tasks are the graph's edges."""

    for_each: ForEach | None = None
    """Repeats the task for each item; everything else here is then for each iteration."""

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

    cache: Cache | None = None
    """Earlier results of the same work may be taken over; goes over what the pipeline and the run say."""


class PipelineSpec(Model):
    """A graph of tasks with parameters and outputs."""

    LOCATION = "pipeline"
    model_config = ConfigDict(
        json_schema_extra={
            # Not a plain `required`: either of two fields will do.
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

    kfp: Compiled | None = None
    """The text of a file that Kubeflow's compiler wrote; it stands instead of parameters, tasks and outputs."""

    tasks: Annotated[
        tuple[Task, ...], ListMap("name"), Field(max_length=10_000, json_schema_extra={"minItems": 1})
    ] = ()
    """The nodes of the graph. Tasks whose inputs are ready start at once, side by side."""

    finals: Annotated[tuple[Task, ...], ListMap("name"), Field(max_length=1_000, alias="finally")] = ()
    """Tasks that run when all others have ended, whatever became of those."""

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

    parallelism: Parallelism | None = None
    """How many Pods of a run there may be at once, unless the run says so itself."""

    cache: Cache | None = None
    """Earlier results of the same work may be taken over, unless a task says otherwise."""

    @model_validator(mode="after")
    def _has_tasks(self) -> Self:
        # Not `min_length`: that also complains when there are tasks and each has a mistake of its own.
        if not self.tasks and self.kfp is None:
            raise PydanticCustomError("no_tasks", "a pipeline needs at least one task")
        return self


Task.model_rebuild()  # tasks hold pipelines
PipelineSpec.model_rebuild()
