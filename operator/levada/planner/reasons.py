"""Why things fail, in one table: the reason's word, and whose failure it is.

An infrastructure failure never spends the user's retries; it starts another attempt out of a budget of its own.
"""

from __future__ import annotations

from typing import Final

# The user's: the same attempt again would end the same way.
ERROR: Final = "Error"
OOM_KILLED: Final = "OOMKilled"
EVICTED: Final = "Evicted"
TIMEOUT: Final = "Timeout"
PENDING_TIMEOUT: Final = "PendingTimeout"
INVALID_OUTPUT: Final = "InvalidOutput"
OUTPUT_MISSING: Final = "OutputMissing"
ARGUMENT_TOO_LONG: Final = "ArgumentTooLong"
VALUE_TOO_LARGE: Final = "ValueTooLarge"
INVALID_INPUT: Final = "InvalidInput"
INVALID_POD: Final = "InvalidPod"
NAME_TAKEN: Final = "NameTaken"
NO_STORE: Final = "NoStore"

# Nobody's: the machinery around the task.
DISRUPTED: Final = "Disrupted"
REJECTED: Final = "RejectedByNode"
POD_DELETED: Final = "PodDeleted"
POD_LOST: Final = "PodLost"
OUTPUTS_LOST: Final = "OutputsLost"
AGENT_FAILED: Final = "AgentFailed"
STORE_UNAVAILABLE: Final = "StoreUnavailable"

INFRASTRUCTURE: Final = frozenset(
    {
        DISRUPTED,
        REJECTED,
        POD_DELETED,
        POD_LOST,
        OUTPUTS_LOST,
        AGENT_FAILED,
        STORE_UNAVAILABLE,
        "DigestMismatch",
        "Stopped",
    }
)

# Of tasks that never ran.
UPSTREAM_FAILED: Final = "UpstreamFailed"
UPSTREAM_SKIPPED: Final = "UpstreamSkipped"

# Of runs.
INVALID_SPEC: Final = "InvalidSpec"
WAITING_FOR_REFERENCE: Final = "WaitingForReference"
REFERENCE_NOT_FOUND: Final = "ReferenceNotFound"
RESTORED: Final = "Restored"
TASK_FAILED: Final = "TaskFailed"


def is_infrastructure(reason: str) -> bool:
    """Whether a failure for `reason` is the machinery's, not the task's."""
    return reason in INFRASTRUCTURE
