"""A run as `-o json` shows it: the same shape from every engine, with every field always there."""

from collections.abc import Mapping
from typing import Any

View = dict[str, Any]

FINAL = frozenset({"Succeeded", "Failed", "Cancelled"})
"""Phases in which a run is over."""

_TASK_TEXTS = ("phase", "reason", "message")
_TASK_VALUES = ("exitCode", "pod", "cacheMissReason", "startTime", "completionTime")


def run_view(run: Mapping[str, Any], tasks: list[Mapping[str, Any]] | None = None) -> View:
    """The view of a PipelineRun as the API server has it.

    Parameters
    ----------
    run
        The object.
    tasks
        Its tasks, where the status does not list all of them; the status' list if None.
    """
    metadata, status = run["metadata"], run.get("status", {})
    verdict: Mapping[str, Any] = next((c for c in status.get("conditions", []) if c.get("type") == "Succeeded"), {})
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace", ""),
        "phase": status.get("phase", "Pending"),
        "reason": verdict.get("reason", ""),
        "message": verdict.get("message", ""),
        "parameters": run.get("spec", {}).get("parameters", {}),
        "startTime": status.get("startTime"),
        "completionTime": status.get("completionTime"),
        "outputs": status.get("outputs", {}),
        "counts": status.get("counts", {}),
        "tasks": [task_view(task) for task in (status.get("tasks", []) if tasks is None else tasks)],
    }


def task_view(task: Mapping[str, Any]) -> View:
    """The view of one task of a status."""
    view: View = {"path": task["path"]}
    view |= {name: task.get(name, "") for name in _TASK_TEXTS}
    view |= {name: task.get(name) for name in _TASK_VALUES}
    view["attempts"] = task.get("attempts", 0)
    view["cached"] = task.get("cached", task.get("phase") == "Cached")
    view["outputs"] = task.get("outputs", {})
    view["logTail"] = task.get("logTail", "")
    return view
