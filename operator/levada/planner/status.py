"""The status of a run: phase, counts, tasks and the conditions that kubectl, Helm, Flux and Argo CD read.

`docs/reference/status.md` has the table of phases and conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from levada.api.limits import LONGEST_STATES, MOST_BYTES
from levada.planner import reasons
from levada.planner.encoding import (
    BULKY,
    BULKY_RUN,
    FAILED_SHOWN,
    INLINE,
    MOST_SHED,
    READABLE_NODES,
    READABLE_TASKS,
    SHARD,
    Row,
    brief,
    decode_rows,
    encode_rows,
    plain_outputs,
    readable,
    row_of,
    shed,
    size_of,
    small,
    timestamp,
)
from levada.planner.nodes import Node, Phase
from levada.planner.paths import in_tree_order
from levada.planner.run import Run

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """A run's phase and why; `message` is for people."""

    phase: str
    reason: str
    message: str = ""

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self.phase in ("Succeeded", "Failed", "Cancelled")


@dataclass(slots=True)
class Shards:
    """Which of a run's ConfigMaps hold the bulky outputs of which task, and how the rest fits into its status.

    Of tasks that are over nothing is worked out twice: a status is written several times a second.

    Attributes
    ----------
    room
        Bytes of the status that tasks may take.
    left_out
        How much of what people read the status has no room for (`encoding.shed`).
    """

    of: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    room: int = MOST_BYTES
    left_out: int = 0
    _sizes: dict[str, int] = field(default_factory=dict)
    _rows: dict[str, Row] = field(default_factory=dict)

    def row(self, node: Node, *, in_full: bool) -> Row:
        """What is kept of `node`; in brief where the status of a large run does not show it."""
        shard = self.of.get(node.path)
        known = self._rows.get(node.path)
        if known is not None and known.shard == shard and not in_full:
            return known
        row = row_of(node, shard)
        if in_full:
            return row
        row = brief(row)
        if node.phase.is_final:
            self._rows[node.path] = row
        return row

    def encode(
        self, rows: list[Row], spared: Collection[str], show: Callable[[list[Row]], list[Json]]
    ) -> tuple[str, list[Json]]:
        """The rows as one string, and as `show` shows them; with less in them where they would not fit."""
        while True:
            kept = shed(rows, self.left_out, spared) if self.left_out else rows
            text, shown = encode_rows(kept), show(kept)
            fits = len(text) <= min(LONGEST_STATES, self.room - len(msgspec.json.encode(shown)))
            if fits or self.left_out == MOST_SHED:
                return text, shown
            self.left_out += 1

    def told(self, verdict: Standing) -> Standing:
        """How the run stands, and what the status does not tell of its tasks."""
        missing = ("", "the messages of all tasks", "messages and times of tasks")[self.left_out]
        message = f"{verdict.message}; the status has no room for {missing}"
        return replace(verdict, message=message) if missing else verdict

    def unplaced(self, run: Run) -> list[dict[str, Any]]:
        """Bulky outputs that stand nowhere yet, as JSON by task path, grouped by what goes into one ConfigMap.

        Those of the run itself have the empty path.
        """
        leaves = [leaf for leaf in run.leaves.values() if leaf.outputs and leaf.path not in self.of]
        for leaf in leaves:
            if leaf.path not in self._sizes:
                self._sizes[leaf.path] = size_of(leaf.outputs)
        sizes = {leaf.path: self._sizes[leaf.path] for leaf in leaves}
        least = BULKY if sum(size for size in sizes.values() if size <= BULKY) <= INLINE else 0
        done: list[Node] = [leaf for leaf in leaves if sizes[leaf.path] > least]
        if run.is_final and run.root.path not in self.of and size_of(run.root.outputs) > BULKY_RUN:
            done.append(run.root)
        groups: list[dict[str, Any]] = []
        room = 0
        for node in done:
            size = size_of(node.outputs)
            if size > room:
                groups.append({})
                room = SHARD
            groups[-1][node.path] = plain_outputs(node.outputs)
            room -= size
        return groups


def standing(run: Run) -> Standing:
    """Where the run as a whole stands."""
    if not run.is_final:
        if run.is_suspended:
            return Standing("Suspended", reasons.SUSPENDED, _progress_message(run))
        reason = reasons.CANCELLING if run.halt else "Running"
        return Standing("Running", reason, _progress_message(run))
    if run.root.phase is Phase.CANCELLED:
        return Standing("Cancelled", reasons.CANCELLED, _progress_message(run) + _of_finals(run))
    if run.root.phase is Phase.SUCCEEDED:
        return Standing("Succeeded", "Succeeded", _progress_message(run))
    if run.halt and run.halt.cause.reason == reasons.RUN_TIMEOUT:
        return Standing("Failed", reasons.RUN_TIMEOUT, run.halt.cause.message + _of_finals(run))
    return Standing("Failed", reasons.TASK_FAILED, _failures_message(run))


def tasks_status(run: Run, shards: Shards) -> dict[str, Any]:
    """The part of the status that says how the tasks stand."""
    shown = {node.path for node in run.failed[:FAILED_SHOWN]}
    is_small = len(run.leaves) <= READABLE_TASKS and len(run.nodes) <= READABLE_NODES
    rows = [shards.row(node, in_full=is_small or node.path in shown) for node in run.nodes.values() if node.changed]
    counts = {phase.value.lower(): run.counts[phase] for phase in Phase}
    done = sum(run.counts[phase] for phase in Phase if phase.is_final)
    if run.is_final:
        shards.left_out = 0  # what there was no room for meanwhile may fit in the end
    text, tasks = shards.encode(rows, shown, lambda kept: _all_tasks(run, kept) if is_small else _failed_tasks(run))
    status: dict[str, Any] = {
        "counts": {"total": len(run.leaves), **counts},
        "progress": f"{done}/{len(run.leaves)}",
        "taskStates": text,
        "outputsConfigMaps": list(shards.names),
        "tasks": tasks,
    }
    if run.is_final:
        whole = run.root.outputs
        status["outputs"] = plain_outputs(small(whole) if run.root.path in shards.of else whole) or {}
    return status


def _all_tasks(run: Run, rows: list[Row]) -> list[Json]:
    by_path = {row.path: row for row in rows}
    return [
        readable(by_path[path]) if path in by_path else {"path": path, "phase": "Pending"}
        for path in in_tree_order(run.nodes)
    ]


def _failed_tasks(run: Run) -> list[Json]:
    return [readable(row_of(node, None)) for node in run.failed[:FAILED_SHOWN]]


def stopped_tasks(status: Mapping[str, Any]) -> dict[str, Any]:
    """The tasks of a run that ends before they do: what is not final yet counts as cancelled."""
    live = (Phase.PENDING, Phase.RUNNING)
    counts = dict(status.get("counts", {}))
    ended = {phase: counts.pop(phase.value.lower(), 0) for phase in live}
    counts |= dict.fromkeys((phase.value.lower() for phase in ended), 0)
    counts["cancelled"] = counts.get("cancelled", 0) + sum(ended.values())
    rows = decode_rows(status.get("taskStates", ""))
    rows = [msgspec.structs.replace(row, phase=Phase.CANCELLED) if row.phase in live else row for row in rows]
    tasks = [
        {**task, "phase": str(Phase.CANCELLED)} if task["phase"] in live else task for task in status.get("tasks", [])
    ]
    text, _ = Shards().encode(rows, (), lambda _: tasks)
    return {"counts": counts, "taskStates": text, "tasks": tasks}


def head_status(
    now_standing: Standing,
    previous: Mapping[str, Any],
    generation: int,
    started: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """The part of the status that says how the run stands; times and conditions move on from `previous`."""
    status: dict[str, Any] = {
        "phase": now_standing.phase,
        "observedGeneration": generation,
        "conditions": conditions(now_standing, previous.get("conditions", []), generation, now),
    }
    if started:
        status["startTime"] = timestamp(started)
    if now_standing.is_final:
        status["completionTime"] = previous.get("completionTime") or timestamp(now)
        status["duration"] = _duration(now - (started or now))
    return status


_TRUTH = {  # phase: Succeeded, Ready, Reconciling, Stalled
    "Pending": ("Unknown", "False", "True", "False"),
    "Running": ("Unknown", "False", "True", "False"),
    "Suspended": ("Unknown", "False", "False", "False"),
    "Succeeded": ("True", "True", "False", "False"),
    "Failed": ("False", "False", "False", "True"),
    "Cancelled": ("False", "False", "False", "True"),
}


_HELD_UP = ("Unknown", "False", "False", "True")


def conditions(
    now_standing: Standing, previous: list[Mapping[str, Any]], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """The four conditions; a `lastTransitionTime` moves only when its condition's status does."""
    is_held_up = now_standing.reason == reasons.RECONCILE_FAILED
    truths = _HELD_UP if is_held_up else _TRUTH[now_standing.phase]
    types = ("Succeeded", "Ready", "Reconciling", "Stalled")
    return [
        condition(type_, truth, now_standing, previous, generation, now)
        for type_, truth in zip(types, truths, strict=True)
    ]


def condition(
    type_: str, status: str, now_standing: Standing, previous: list[Mapping[str, Any]], generation: int, now: datetime
) -> dict[str, Any]:
    """One condition, which keeps its transition time while its status stays."""
    before = next((old for old in previous if old["type"] == type_), None)
    since = before["lastTransitionTime"] if before and before["status"] == status else timestamp(now)
    return {
        "type": type_,
        "status": status,
        "reason": now_standing.reason,
        "message": now_standing.message[:30_000],
        "observedGeneration": generation,
        "lastTransitionTime": since,
    }


def _progress_message(run: Run) -> str:
    named = [(run.counts[phase], phase.value.lower()) for phase in Phase]
    return ", ".join(f"{count} {word}" for count, word in named if count) or "no tasks"


def _of_finals(run: Run) -> str:
    """What went wrong in `finally` besides."""
    last = next((node for node in run.failures if node.survives), None)
    return f"; task {last.path} failed, too: {last.reason}: {last.message}" if last else ""


def _failures_message(run: Run) -> str:
    """The first failure, how many others there are, and one of `finally` where it would hide behind another."""
    first = run.failures[0]
    text = f"task {first.path} failed: {first.reason}: {first.message}"
    others = len(run.failures) - 1
    return text + (f" (and {others} more)" if others else "") + ("" if first.survives else _of_finals(run))


def _duration(span: Any) -> str:
    seconds = int(span.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
