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
INVALID_POD: Final = "InvalidPod"
NAME_TAKEN: Final = "NameTaken"
NO_STORE: Final = "NoStore"
STORE_CHANGED: Final = "StoreChanged"
INVALID_IMAGE: Final = "InvalidImageName"
INVALID_CLAIM: Final = "InvalidClaim"
CLAIM_MISSING: Final = "ClaimMissing"

# Nobody's: the machinery around the task.
DISRUPTED: Final = "Disrupted"
REJECTED: Final = "RejectedByNode"
POD_DELETED: Final = "PodDeleted"
POD_LOST: Final = "PodLost"
OUTPUTS_LOST: Final = "OutputsLost"
AGENT_FAILED: Final = "AgentFailed"
STORE_UNAVAILABLE: Final = "StoreUnavailable"
STORE_DENIED: Final = "StoreDenied"
STORE_MISCONFIGURED: Final = "StoreMisconfigured"
AGENT_STOPPED: Final = "Stopped"

INFRA_LIMIT: Final = 5
_FURTHER_ATTEMPTS: Final[dict[str, int | None]] = {
    DISRUPTED: None,
    REJECTED: None,
    POD_DELETED: None,
    POD_LOST: None,
    AGENT_FAILED: None,
    STORE_UNAVAILABLE: None,
    AGENT_STOPPED: None,
    # Somebody has to mend the settings: time helps little.
    STORE_DENIED: 2,
    STORE_MISCONFIGURED: 2,
    # The task did all its work, and would have to do it all again under the same grace.
    OUTPUTS_LOST: 1,
}
"""Attempts that infrastructure failures may cost a task, the last one's reason deciding, before it fails.

None: as many as the task's `infraLimit` says."""

# Of tasks that never ran.
NAME_NOT_ALLOWED: Final = "NameNotAllowed"
UPSTREAM_FAILED: Final = "UpstreamFailed"
UPSTREAM_SKIPPED: Final = "UpstreamSkipped"
CONDITION_FALSE: Final = "ConditionFalse"
INVALID_CONDITION: Final = "InvalidCondition"
INVALID_ITEM: Final = "InvalidItem"
INVALID_INDEX: Final = "InvalidIndex"
INVALID_URI: Final = "InvalidUri"
INPUT_MISSING: Final = "InputMissing"
ITEM_MISSING: Final = "ItemMissing"
TOO_MANY_ITEMS: Final = "TooManyItems"
TOO_MANY_TASKS: Final = "TooManyTasks"
NEVER_STARTED: Final = frozenset(
    {
        INVALID_CONDITION,
        INVALID_ITEM,
        INVALID_INDEX,
        INVALID_URI,
        INPUT_MISSING,
        ITEM_MISSING,
        TOO_MANY_ITEMS,
        TOO_MANY_TASKS,
    }
)
"""Failures of tasks whose inputs are at fault, so that nothing of them ran."""

# Of gates.
AWAITING_APPROVAL: Final = "AwaitingApproval"
APPROVED: Final = "Approved"
APPROVAL_REJECTED: Final = "Rejected"
APPROVAL_TIMEOUT: Final = "ApprovalTimeout"

# Of tasks that wait.
WAITING_FOR_SAME_WORK: Final = "WaitingForSameWork"

# Of tasks and runs that somebody stopped.
CANCELLED: Final = "Cancelled"
CANCELLING: Final = "Cancelling"
SUSPENDED: Final = "Suspended"
FAIL_FAST: Final = "FailFast"
RUN_TIMEOUT: Final = "RunTimeout"

# Of runs.
INVALID_SPEC: Final = "InvalidSpec"
WAITING_FOR_REFERENCE: Final = "WaitingForReference"
REFERENCE_NOT_FOUND: Final = "ReferenceNotFound"
RESTORED: Final = "Restored"
RECORD_LOST: Final = "RecordLost"
DELETED: Final = "Deleted"
TASK_FAILED: Final = "TaskFailed"
RECONCILE_FAILED: Final = "ReconcileFailed"


def is_infrastructure(reason: str) -> bool:
    """Whether a failure for `reason` is the machinery's, not the task's."""
    return reason in _FURTHER_ATTEMPTS


def further_attempts(reason: str, limit: int = INFRA_LIMIT) -> int:
    """How many infrastructure failures a task may have had before one for `reason` ends it; 0 for its own failures."""
    allowed = _FURTHER_ATTEMPTS.get(reason, 0)
    return limit if allowed is None else min(allowed, limit)
