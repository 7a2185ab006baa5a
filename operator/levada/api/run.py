"""PipelineRun: one execution of a graph."""

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from levada.api.base import Model, Resource
from levada.api.fields import Duration, Flag
from levada.api.graph_spec import PipelineSpec, Reference
from levada.api.pod_template import PodTemplate

IMMUTABLE = ("parameters", "pipelineRef", "pipelineSpec", "podTemplate", "waitForReferences", "pendingTimeout")
"""All fields of a run's spec but the two switches."""


def _unchanged(field: str) -> JsonDict:
    """A rule that refuses every edit of `field`, its first setting and its removal included.

    `dyn`: CEL knows no type for a map of anything (`parameters`), but compares it at run time all the same.
    """
    return {
        "rule": f"has(dyn(self).{field}) == has(dyn(oldSelf).{field})"
        f" && (!has(dyn(self).{field}) || dyn(self).{field} == dyn(oldSelf).{field})",
        "message": f"{field} cannot be changed: of a run's spec only suspend and cancel can; make a new run instead",
        "fieldPath": f".{field}",
    }


class RunSpec(Model):
    """What to run, and with which parameters. It cannot be changed, except for `suspend` and `cancel`."""

    LOCATION = "run"
    EXACTLY_ONE = ("pipelineRef", "pipelineSpec")
    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "has(self.kfp) || has(self.pipelineRef) != has(self.pipelineSpec)",
                    "message": "exactly one of pipelineRef and pipelineSpec is needed",
                },
                *(_unchanged(field) for field in IMMUTABLE),
                {
                    "rule": "self.cancel || !oldSelf.cancel",
                    "message": "cancel cannot be taken back",
                    "fieldPath": ".cancel",
                },
            ]
        }
    )

    parameters: dict[str, Any] = Field(default_factory=dict, max_length=256)
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


class PipelineRun(Resource):
    """One execution of a pipeline: its parameters, and in its status the state of every task."""

    kind: Literal["PipelineRun"] = "PipelineRun"
    """Always `PipelineRun`."""

    spec: RunSpec
    """What to run, and with which parameters."""
