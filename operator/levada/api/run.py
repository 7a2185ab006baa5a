"""PipelineRun: one execution of a graph."""

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from levada.api.base import Model, Resource
from levada.api.fields import Duration, Flag
from levada.api.graph_spec import Compiled, Parallelism, PipelineSpec, Reference
from levada.api.list_map import ListMap
from levada.api.pod_template import PodTemplate
from levada.api.policies import Cache, PodCleanup

IMMUTABLE: Final = (
    "parameters",
    "pipelineRef",
    "kfp",
    "podTemplate",
    "waitForReferences",
    "rerunOf",
    "pendingTimeout",
    "timeout",
    "failFast",
    "parallelism",
    "cache",
    "ttlAfterFinished",
    "podCleanup",
    "artifactPolicy",
)
"""Fields of a run's spec that never change; `pipelineSpec` neither, but that is checked in `OBJECT_RULES`."""


def _message(field: str) -> str:
    return f"{field} cannot be changed: of a run's spec only suspend, cancel and approvals can; make a new run instead"


def _unchanged(field: str) -> JsonDict:
    """A rule that refuses every edit of `field`, its first setting and its removal included.

    `dyn`: CEL knows no type for a map of anything (`parameters`), but compares it at run time all the same.
    """
    return {
        "rule": f"has(dyn(self).{field}) == has(dyn(oldSelf).{field})"
        f" && (!has(dyn(self).{field}) || dyn(self).{field} == dyn(oldSelf).{field})",
        "message": _message(field),
        "fieldPath": f".{field}",
    }


def _differs(field: str) -> str:
    """Whether a write sets that field of the status to something else."""
    ours, theirs = f"self.status.{field}", f"oldSelf.status.{field}"
    return f"has({ours}) && (!has({theirs}) || {ours} != {theirs})"


OBJECT_RULES: Final[tuple[dict[str, str], ...]] = (
    {
        # Pod names begin with the run's name, labels carry it.
        "rule": "self.metadata.name.size() <= 63 && !self.metadata.name.contains('.')",
        "message": "the name of a PipelineRun has at most 63 characters and no dots",
    },
    {
        # Comparing 10,000 tasks takes the API server 3 s. A write of the status cannot change the spec, nor a write
        # of the spec the status: whatever changes the status need not be compared. Nearly all such writes change one
        # of these two strings; to compare the whole status takes 2 ms for each write of anything.
        "rule": f"{_differs('phase')} || {_differs('taskStates')}"
        " || has(self.spec.pipelineSpec) == has(oldSelf.spec.pipelineSpec)"
        " && (!has(self.spec.pipelineSpec) || self.spec.pipelineSpec == oldSelf.spec.pipelineSpec)",
        "message": _message("pipelineSpec"),
        "fieldPath": ".spec.pipelineSpec",
    },
)
"""Rules on the whole object, for what the rules on its spec cannot see."""


class Verdict(Model):
    """What somebody says to a task that waits for it."""

    task: Annotated[str, Field(min_length=1, max_length=512)]
    """The path of the task, such as `deploy` or `sweep[3].gate`."""

    decision: Literal["Approved", "Rejected"]
    """Whether the run may pass."""

    by: Annotated[str, Field(min_length=1, max_length=512)]
    """Who says it: the name by which the API server knows the author, and no other."""

    at: Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})] | None = None
    """When, in the author's words; without it the moment at which the operator sees it."""

    message: Annotated[str, Field(max_length=1024)] = ""
    """Why, in words."""


class RunSpec(Model):
    """What to run, and with which parameters. It cannot be changed, except for `suspend`, `cancel` and `approvals`."""

    LOCATION = "run"
    EXACTLY_ONE = ("pipelineRef", "pipelineSpec", "kfp")
    model_config = ConfigDict(
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": "[has(self.kfp), has(self.pipelineRef), has(self.pipelineSpec)].exists_one(given, given)",
                    "message": "exactly one of pipelineRef, pipelineSpec and kfp is needed",
                },
                *(_unchanged(field) for field in IMMUTABLE),
                {
                    "rule": "self.cancel || !oldSelf.cancel",
                    "message": "cancel cannot be taken back",
                    "fieldPath": ".cancel",
                },
                {
                    # `a + b` of such lists is a with those of the same task taken from b, and the rest of b at its end.
                    "rule": "!has(oldSelf.approvals)"
                    " || has(self.approvals) && self.approvals + oldSelf.approvals == self.approvals",
                    "message": "an approval that was given cannot be changed or taken back",
                    "fieldPath": ".approvals",
                },
            ]
        }
    )

    parameters: dict[str, Any] = Field(default_factory=dict, max_length=256)
    """Values of the pipeline's parameters, by name; artifacts as `{uri: ...}`."""

    pipeline_ref: Reference | None = None
    """The Pipeline to run, by name. Exactly one of `pipelineRef`, `pipelineSpec` and `kfp` is given."""

    # Atomic: who owns which field of 10,000 tasks would take more room than the tasks, and nobody may change one.
    pipeline_spec: Annotated[PipelineSpec | None, Field(json_schema_extra={"x-kubernetes-map-type": "atomic"})] = None
    """The pipeline to run, inline."""

    kfp: Compiled | None = None
    """The pipeline to run, as the text of a file that Kubeflow's compiler wrote."""

    suspend: Flag = False
    """Whether the run holds: running tasks end, no further task starts."""

    cancel: Flag = False
    """Stops the run for good. It cannot be taken back."""

    approvals: Annotated[tuple[Verdict, ...], ListMap("task"), Field(max_length=512)] = ()
    """What has been said to the tasks that wait for an approval. Items can be added, and never change."""

    pod_template: PodTemplate | None = None
    """Options of all the run's Pods; pipeline and tasks go over them."""

    timeout: Duration | None = None
    """How long the run may take from its start, the time that it is suspended included; by default the pipeline's."""

    fail_fast: Flag | None = None
    """Whether the run stops at its first failure; by default the pipeline's."""

    parallelism: Parallelism | None = None
    """How many Pods of the run there may be at once; by default as many as the pipeline says."""

    cache: Cache | None = None
    """Earlier results of the same work may be taken over, unless the pipeline or a task says otherwise."""

    rerun_of: Reference | None = None
    """An earlier run, by name, that is over: results of tasks whose work is the same now are taken over from it."""

    wait_for_references: Duration = "10m"
    """How long a Pipeline or Component that does not exist yet is waited for."""

    pending_timeout: Duration = "1h"
    """How long a task's Pod may be pending before the task fails."""

    ttl_after_finished: Duration | None = None
    """How long the run stays after its end; then it is deleted. By default as the installation says, or for ever."""

    pod_cleanup: PodCleanup | None = None
    """Which ended Pods go before the run does: `OnSuccess` (those that succeeded), `OnCompletion` (all) or `Never`.
    By default as the installation says, or `Never`."""

    artifact_policy: Literal["Delete", "Keep"] = "Keep"
    """`Delete`: what the run's tasks made goes from the store after the run is deleted, unless something refers to it.
    """


class PipelineRun(Resource):
    """One execution of a pipeline: its parameters, and in its status the state of every task."""

    kind: Literal["PipelineRun"] = "PipelineRun"
    """Always `PipelineRun`."""

    spec: RunSpec
    """What to run, and with which parameters."""
