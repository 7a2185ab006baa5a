"""The shape of a compiled pipeline: what Kubeflow's protobuf messages allow. Any other field is refused.

Source: `pipeline_spec.proto` of Kubeflow Pipelines, in its JSON form. Numbers of 64 bits may stand there as text.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Message(BaseModel):
    """A protobuf message in its JSON form."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


def _or_empty(value: Any) -> Any:
    return {} if value is None else value


Count = Annotated[int, Field(ge=0, le=2**53)]
Named = Annotated[dict[str, Any], BeforeValidator(_or_empty)]


class ArtifactType(Message):
    """The type of an artifact: one of its titles is given."""

    schema_title: str = ""
    schema_version: str = ""
    schema_uri: str = ""
    instance_schema: str = ""


class InputArtifact(Message):
    """An artifact that a component takes."""

    artifact_type: ArtifactType = ArtifactType()
    is_artifact_list: bool = False
    is_optional: bool = False
    description: str = ""


class OutputArtifact(Message):
    """An artifact that a component makes."""

    artifact_type: ArtifactType = ArtifactType()
    is_artifact_list: bool = False
    description: str = ""
    metadata: Named = {}
    properties: Named = {}
    custom_properties: Named = {}


class InputParameter(Message):
    """A value that a component takes."""

    parameter_type: str = ""
    type: str = ""
    default_value: Any = None
    is_optional: bool = False
    description: str = ""
    literals: tuple[Any, ...] = ()


class OutputParameter(Message):
    """A value that a component makes."""

    parameter_type: str = ""
    type: str = ""
    description: str = ""


class Inputs(Message):
    """What a component takes."""

    artifacts: dict[str, InputArtifact] = {}
    parameters: dict[str, InputParameter] = {}


class Outputs(Message):
    """What a component makes."""

    artifacts: dict[str, OutputArtifact] = {}
    parameters: dict[str, OutputParameter] = {}


class ProducedParameter(Message):
    """The value of a task of the same graph."""

    producer_task: str
    output_parameter_key: str


class ProducedArtifact(Message):
    """The artifact of a task of the same graph."""

    producer_task: str
    output_artifact_key: str


class FinalStatusOf(Message):
    """How a task of the same graph ended."""

    producer_task: str


class RuntimeValue(Message):
    """A value that is written out; `runtimeParameter` names an input instead."""

    constant: Any = None
    runtime_parameter: str | None = None


class TaskParameter(Message):
    """Where a value that a task takes comes from."""

    task_output_parameter: ProducedParameter | None = None
    runtime_value: RuntimeValue | None = None
    component_input_parameter: str | None = None
    task_final_status: FinalStatusOf | None = None
    parameter_expression_selector: str = ""


class TaskArtifact(Message):
    """Where an artifact that a task takes comes from."""

    task_output_artifact: ProducedArtifact | None = None
    component_input_artifact: str | None = None


class TaskInputs(Message):
    """Where what a task takes comes from."""

    parameters: dict[str, TaskParameter] = {}
    artifacts: dict[str, TaskArtifact] = {}


class Items(Message):
    """What a loop goes over: JSON text, or an input of the loop's task."""

    raw: str | None = None
    input_parameter: str | None = None
    input_artifact: str | None = None


class Iterator(Message):
    """A loop, and the input that takes the item of each iteration."""

    items: Items
    item_input: str


class IteratorPolicy(Message):
    """How many iterations may be under way at once; 0 for all."""

    parallelism_limit: Count = 0


class Trigger(Message):
    """When a task runs."""

    condition: str = ""
    strategy: str = ""


class Caching(Message):
    """Whether earlier results are taken over."""

    enable_cache: bool = False
    cache_key: str = ""


class RetryPolicy(Message):
    """Further attempts; durations like `10s`."""

    max_retry_count: Count = 0
    backoff_duration: str = ""
    backoff_factor: float = 0.0
    backoff_max_duration: str = ""


class ComponentRef(Message):
    """The name of a component."""

    name: str


class TaskInfo(Message):
    """How a task is called."""

    name: str = ""
    task_name: str = ""


class ConfigPassthrough(Message):
    """A setting of the Pod that is handed to the task as data."""

    field: Any = None
    apply_to_task: bool = False


class Task(Message):
    """A node of a graph."""

    task_info: TaskInfo = TaskInfo()
    inputs: TaskInputs = TaskInputs()
    dependent_tasks: tuple[str, ...] = ()
    caching_options: Caching = Caching()
    component_ref: ComponentRef
    trigger_policy: Trigger = Trigger()
    parameter_iterator: Iterator | None = None
    artifact_iterator: Iterator | None = None
    iterator_policy: IteratorPolicy = IteratorPolicy()
    retry_policy: RetryPolicy | None = None

    @property
    def iterator(self) -> Iterator | None:
        """The loop, if it is one."""
        return self.parameter_iterator or self.artifact_iterator


class ParameterSelector(Message):
    """The value of a task of this graph."""

    producer_subtask: str
    output_parameter_key: str


class ArtifactSelector(Message):
    """The artifact of a task of this graph."""

    producer_subtask: str
    output_artifact_key: str


class ParameterSelectors(Message):
    """Exclusive branches."""

    parameter_selectors: tuple[ParameterSelector, ...] = ()


class DagParameter(Message):
    """Where a value that a graph makes comes from."""

    value_from_parameter: ParameterSelector | None = None
    value_from_oneof: ParameterSelectors | None = None


class DagArtifact(Message):
    """Where an artifact that a graph makes comes from: several are exclusive branches."""

    artifact_selectors: tuple[ArtifactSelector, ...] = ()


class DagOutputs(Message):
    """Where what a graph makes comes from."""

    parameters: dict[str, DagParameter] = {}
    artifacts: dict[str, DagArtifact] = {}


class Dag(Message):
    """A graph."""

    tasks: dict[str, Task] = {}
    outputs: DagOutputs = DagOutputs()


class Component(Message):
    """What a task runs: a graph, or an executor."""

    input_definitions: Inputs = Inputs()
    output_definitions: Outputs = Outputs()
    dag: Dag | None = None
    executor_label: str | None = None
    single_platform_specs: tuple[Any, ...] = ()
    task_config_passthroughs: tuple[ConfigPassthrough, ...] = ()


class Variable(Message):
    """An environment variable."""

    name: str
    value: str = ""


class Accelerator(Message):
    """Devices; `resource*` go over the older fields."""

    type: str = ""
    count: int = 0
    resource_type: str = ""
    resource_count: str = ""


class Resources(Message):
    """What a container asks for; `resource*` go over the older fields."""

    cpu_limit: float = 0.0
    memory_limit: float = 0.0
    cpu_request: float = 0.0
    memory_request: float = 0.0
    resource_cpu_limit: str = ""
    resource_memory_limit: str = ""
    resource_cpu_request: str = ""
    resource_memory_request: str = ""
    accelerator: Accelerator | None = None


class Container(Message):
    """A container; what is in its text in `{{$...}}` is filled in."""

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[Variable, ...] = ()
    resources: Resources | None = None
    lifecycle: Any = None


class Importer(Message):
    """Takes an artifact that stands somewhere into the pipeline."""

    artifact_uri: RuntimeValue = RuntimeValue()
    type_schema: ArtifactType = ArtifactType()
    properties: Named = {}
    custom_properties: Named = {}
    metadata: Named = {}
    reimport: bool = False
    download_to_workspace: bool = False


class Executor(Message):
    """How a component that is no graph is run."""

    container: Container | None = None
    importer: Importer | None = None


class Deployment(Message):
    """The executors, by label."""

    executors: dict[str, Executor] = {}


class PipelineInfo(Message):
    """How a pipeline is called."""

    name: str
    display_name: str = ""
    description: str = ""


class PipelineSpec(Message):
    """A compiled pipeline."""

    pipeline_info: PipelineInfo
    root: Component
    components: dict[str, Component] = {}
    deployment_spec: Deployment = Deployment()
    schema_version: str
    sdk_version: str = ""
    default_pipeline_root: str = ""
