"""What the operator reports. It writes plain dicts of this shape; the models document it and make the schema."""

from typing import Annotated, Any, Literal

from pydantic import Field

from levada.api.base import Model
from levada.api.fields import Flag, Integer
from levada.api.limits import LONGEST_STATES
from levada.api.list_map import ListMap

RunPhase = Literal["Pending", "Running", "Suspended", "Succeeded", "Failed", "Cancelled"]
TaskPhase = Literal["Pending", "Running", "Succeeded", "Cached", "Skipped", "Failed", "Cancelled"]
Time = Annotated[str, Field(max_length=64, json_schema_extra={"format": "date-time"})]
Reason = Annotated[str, Field(max_length=1024)]
Message = Annotated[str, Field(max_length=32_768)]


class Condition(Model):
    """One aspect of the object's state, in Kubernetes' standard form."""

    type: Annotated[str, Field(max_length=316)]
    """Which aspect: `Succeeded`, `Ready`, `Reconciling` or `Stalled`."""

    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""

    observed_generation: Integer | None = None
    """The generation of the object that this was computed from."""

    last_transition_time: Time | None = None
    """When `status` last changed."""

    reason: Reason | None = None
    """Why, in one CamelCase word."""

    message: Message | None = None
    """Why, in words."""


Conditions = Annotated[tuple[Condition, ...], ListMap("type"), Field(max_length=16)]


class Counts(Model):
    """How many leaf tasks are in each phase."""

    total: Integer = 0
    """All tasks known so far."""

    pending: Integer = 0
    """Tasks that have not started."""

    running: Integer = 0
    """Tasks with a live Pod."""

    succeeded: Integer = 0
    """Tasks that succeeded."""

    cached: Integer = 0
    """Tasks whose outputs came from the cache."""

    skipped: Integer = 0
    """Tasks that did not need to run, or could not because of another's failure."""

    failed: Integer = 0
    """Tasks that failed."""

    cancelled: Integer = 0
    """Tasks that were stopped."""


class TaskStatus(Model):
    """State of one task."""

    path: Annotated[str, Field(max_length=1024)]
    """The task's identity in the run, such as `train` or `sweep[3].fit`."""

    phase: TaskPhase
    """Where the task stands."""

    reason: Reason | None = None
    """Why, in one CamelCase word."""

    message: Message | None = None
    """Why, in words; for a pending Pod a hint at the cause."""

    exit_code: Integer | None = None
    """Exit code of the task's container."""

    pod: Annotated[str, Field(max_length=253)] | None = None
    """Name of the last attempt's Pod."""

    attempts: Integer | None = None
    """How many attempts were started."""

    cached: Flag | None = None
    """Whether the outputs came from the cache."""

    cache_miss_reason: Reason | None = None
    """Why the cache did not have the outputs."""

    start_time: Time | None = None
    """When the task started."""

    completion_time: Time | None = None
    """When the task ended."""

    outputs: dict[str, Any] | None = None
    """Values, or `{uri, digest, type, metadata}` of artifacts, by name."""

    log_tail: Annotated[str, Field(max_length=32_768)] | None = None
    """The last lines of a failed task's log."""


class RunStatus(Model):
    """State of a run."""

    observed_generation: Integer | None = None
    """The generation that this status was computed from; -1 before the operator has seen the run."""

    phase: RunPhase | None = None
    """Where the run stands."""

    start_time: Time | None = None
    """When the run started."""

    completion_time: Time | None = None
    """When the run ended."""

    duration: Annotated[str, Field(max_length=64)] | None = None
    """How long the run took, such as `1m30s`."""

    progress: Annotated[str, Field(max_length=64)] | None = None
    """Ended tasks of all tasks, such as `3/5`."""

    definition_digest: Annotated[str, Field(max_length=128)] | None = None
    """Digest of the frozen definition (pipeline and components) that the run executes."""

    counts: Counts | None = None
    """How many leaf tasks are in each phase."""

    outputs: dict[str, Any] | None = None
    """Results of the run: values, or `{uri, digest, type, metadata}` of artifacts, by name."""

    conditions: Conditions = ()
    """`Succeeded`, and `Ready`, `Reconciling`, `Stalled` for tools that read kstatus."""

    tasks: Annotated[tuple[TaskStatus, ...], Field(max_length=10_000)] = ()
    """State of each task while the run is small; of the failed ones in a large run."""

    task_states: Annotated[str, Field(max_length=LONGEST_STATES)] | None = None
    """State of all tasks of a large run, encoded; `levada get` reads it."""

    outputs_config_maps: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(max_length=1000)] = ()
    """ConfigMaps that hold outputs which are too bulky for the status."""


class ObjectStatus(Model):
    """State of a Component or Pipeline."""

    observed_generation: Integer | None = None
    """The generation that this status was computed from; -1 before the operator has seen the object."""

    digest: Annotated[str, Field(max_length=128)] | None = None
    """Digest of the definition."""

    conditions: Conditions = ()
    """`Ready`: whether the definition is valid and everything it refers to exists."""
