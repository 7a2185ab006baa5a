"""A run as `-o json` shows it, from what is kept of it: the same while it runs, afterwards, and after a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from levada.local.journal import End
from levada.planner.encoding import Row, readable, timestamp
from levada.planner.nodes import Phase
from levada.planner.paths import in_tree_order

Record = dict[str, Any]


class Head(msgspec.Struct, frozen=True):
    """What was asked for, written once when the run was first started.

    Attributes
    ----------
    uid
        Tells this run from an earlier one of the same name.
    tasks
        The paths of all tasks and groups that are known from the beginning, in written order.
    groups
        Those of them that are groups.
    run, pipelines, components
        The definition: the run's spec, and specs by name.
    """

    name: str
    namespace: str
    uid: str
    started: datetime
    tasks: list[str]
    groups: list[str]
    run: dict[str, Any]
    pipelines: dict[str, Any]
    components: dict[str, Any]
    format: int = 1


def views_of(head: Head, rows: Mapping[str, Row]) -> dict[str, Record]:
    """What a record says of every task and group, by path."""
    return {path: view_of(rows.get(path) or _unseen(head, path)) for path in {**dict.fromkeys(head.tasks), **rows}}


def record_of(
    head: Head, tasks: Mapping[str, Record], counts: Mapping[Phase, int], end: End | None, *, is_held: bool
) -> Record:
    """The record of a run whose tasks stand like that, so many in each phase; `is_held` while an engine runs it."""
    phase, reason, message = _standing(head, end, counts, is_held=is_held)
    return {
        "name": head.name,
        "namespace": head.namespace,
        "phase": phase,
        "reason": reason,
        "message": message,
        "parameters": head.run.get("parameters") or {},
        "startTime": timestamp(head.started),
        "completionTime": end.finished if end else None,
        "outputs": end.outputs if end else {},
        "counts": {"total": sum(counts.values()), **{phase.lower(): counts.get(phase, 0) for phase in Phase}},
        "tasks": [tasks[path] for path in in_tree_order(tasks)],
    }


def counts_of(head: Head, rows: Mapping[str, Row]) -> Counter[Phase]:
    """How many tasks, groups apart, stand in each phase."""
    standing = (rows.get(path) or _unseen(head, path) for path in {**dict.fromkeys(head.tasks), **rows})
    return Counter(row.phase for row in standing if not row.is_group)


def by_path(record: Record) -> dict[str, Record]:
    """What a record says of each task."""
    return {task["path"]: task for task in record["tasks"]}


def _unseen(head: Head, path: str) -> Row:
    return Row(path, Phase.PENDING, is_group=path in head.groups)


def _standing(head: Head, end: End | None, counts: Mapping[Phase, int], *, is_held: bool) -> tuple[str, str, str]:
    if end:
        return end.phase, end.reason, end.message
    if is_held:
        return "Running", "Running", _progress((counts.get(phase, 0), phase.lower()) for phase in Phase)
    cure = f"nobody runs it; `levada run --local` with --name {head.name} goes on"
    return "Suspended", "Interrupted", cure


def _progress(counted: Iterable[tuple[int, str]]) -> str:
    return ", ".join(f"{count} {word}" for count, word in counted if count) or "no tasks"


def view_of(row: Row) -> Record:
    """What a record says of one task."""
    told = readable(row)
    task: Record = {"path": row.path}
    task |= {name: told.get(name, "") for name in ("phase", "reason", "message")}
    task |= {name: told.get(name) for name in ("exitCode", "pod", "cacheMissReason", "startTime", "completionTime")}
    task |= {"attempts": told.get("attempts", 0), "cached": row.phase is Phase.CACHED}
    task |= {"outputs": told.get("outputs", {}), "logTail": told.get("logTail", "")}
    return task
