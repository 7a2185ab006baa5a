"""Pods as the kubelet reports them, for tests of the planner."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from levada.planner.handoff import Report, encode_report
from levada.planner.podview import PodView

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
STARTED, FINISHED = "2026-01-01T11:58:00Z", "2026-01-01T11:59:00Z"


def ended(exit_code: int = 0, message: str = "", reason: str = "") -> dict[str, Any]:
    """The state of a container that ended."""
    reason = reason or ("Completed" if exit_code == 0 else "Error")
    return {"terminated": {"exitCode": exit_code, "reason": reason, "message": message,
                           "startedAt": STARTED, "finishedAt": FINISHED}}  # fmt: skip


def waits(reason: str, message: str = "") -> dict[str, Any]:
    """The state of a container that has not started."""
    return {"waiting": {"reason": reason, "message": message}}


RUNS: dict[str, Any] = {"running": {"startedAt": STARTED}}


def reported(report: Report, exit_code: int = 0) -> dict[str, Any]:
    """The state of an agent that ended with this report."""
    return ended(exit_code, encode_report(report).decode())


def pod(
    main: dict[str, Any] | None = None,
    agent: dict[str, Any] | None = None,
    *,
    phase: str = "Running",
    reason: str = "",
    message: str = "",
    node: str = "n1",
    deleted: bool = False,
    conditions: tuple[dict[str, str], ...] = (),
    deadline: int | None = None,
    beside: dict[str, Any] | None = None,
) -> PodView:
    """A Pod whose containers are in these states, as the watch decodes it; `beside` is one of somebody else's."""
    metadata: dict[str, Any] = {"name": "p", "namespace": "ns", "uid": "u", "creationTimestamp": STARTED}
    metadata |= {"deletionTimestamp": FINISHED} if deleted else {}
    status: dict[str, Any] = {"phase": phase, "reason": reason, "message": message, "conditions": list(conditions)}
    if main is not None:
        status["containerStatuses"] = [{"name": "main", "state": main}]
        status["containerStatuses"] += [{"name": "beside", "state": beside}] if beside else []
    if agent is not None:
        status["initContainerStatuses"] = [{"name": "agent", "state": agent}]
    spec = ({"nodeName": node} if node else {}) | ({"activeDeadlineSeconds": deadline} if deadline else {})
    body = {"metadata": metadata, "spec": spec, "status": status}
    return msgspec.json.decode(msgspec.json.encode(body), type=PodView)
