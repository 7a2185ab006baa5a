"""How a task ended, in the words in which Kubeflow's exit handlers are told it (`PipelineTaskFinalStatus`).

The states are those that its SDK documents; its backend writes COMPLETE where the SDK says SUCCEEDED.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from levada.planner.nodes import Node, Phase

_STATES: Final = {
    Phase.SUCCEEDED: "SUCCEEDED",
    Phase.CACHED: "SUCCEEDED",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
    Phase.SKIPPED: "SKIPPED",
}
_UNKNOWN: Final = 2
"""The code of gRPC for an error of no kind in particular."""


def final_status(node: Node, facts: Mapping[str, str]) -> dict[str, Any]:
    """The status of a task that has ended, in the run of which `facts` tell."""
    status: dict[str, Any] = {
        "state": _STATES[node.phase],
        "pipelineJobResourceName": facts.get("name", ""),
        "pipelineTaskName": node.task.name,
        "error": {},
    }
    if node.phase is Phase.FAILED:
        status["error"] = {"code": _UNKNOWN, "message": node.message or node.reason}
    return status
