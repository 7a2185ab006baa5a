"""PipelineRun: one execution of a graph."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from levada.api.base import Model, Resource, one_of_two
from levada.api.fields import PRESERVE, Duration, Flag
from levada.api.graph_spec import PipelineSpec, Reference
from levada.api.pod_template import PodTemplate
from levada.api.unsupported import Location


class RunSpec(Model):
    """What to run, and with which parameters. It cannot be changed, except for `suspend` and `cancel`."""

    LOCATION: ClassVar[Location | None] = "run"

    parameters: Annotated[dict[str, Any], Field(max_length=256, json_schema_extra=PRESERVE)] = Field(
        default_factory=dict
    )
    """Values of the pipeline's parameters, by name; artifacts as `{uri: ...}`."""

    pipeline_ref: Reference | None = None
    """The Pipeline to run, by name. Exactly one of `pipelineRef` and `pipelineSpec` is given."""

    pipeline_spec: PipelineSpec | None = None
    """The pipeline to run, inline."""

    suspend: Flag = False
    """Whether the run holds: running tasks end, no further task starts."""

    cancel: Flag = False
    """Stops the run for good. It cannot be taken back."""

    pod_template: PodTemplate | None = None
    """Options of all the run's Pods; pipeline and tasks go over them."""

    wait_for_references: Duration = "10m"
    """How long a Pipeline or Component that does not exist yet is waited for."""

    pending_timeout: Duration = "1h"
    """How long a task's Pod may be pending before the task fails."""

    @model_validator(mode="after")
    def _one_pipeline(self) -> Self:
        one_of_two(self, "pipelineRef", "pipelineSpec")
        return self


class PipelineRun(Resource):
    """One execution of a pipeline: its parameters, and in its status the state of every task."""

    kind: Literal["PipelineRun"] = "PipelineRun"
    """Always `PipelineRun`."""

    spec: RunSpec
    """What to run, and with which parameters."""
