"""The ten invariants of the design, each a function from a history to its first violation."""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from invariants.history import Change, Containers, History, Json, Write, end_state, owners, tasks_of
from invariants.timeline import timeline
from levada.planner import reasons

FINAL = ("Succeeded", "Cached", "Skipped", "Failed", "Cancelled")
FINALIZER = "levada.dev/result"
SPEC_HASH = "levada.dev/spec-hash"
STATUS_LIMIT = 1_400_000
WRITES_PER_ATTEMPT, WRITES_PER_RUN = 8, 30
"""A run may have its status written so often, whatever happens to it."""

SOON = 300.0
"""Seconds in which every retry comes round."""


@dataclass(frozen=True, slots=True)
class Violation:
    """`invariant` does not hold: `text` says of what, `at` when it was first seen."""

    invariant: str
    text: str
    at: float

    def __str__(self) -> str:
        return f"{self.invariant} is broken at {self.at:.3f} s: {self.text}"


def one_live_pod_per_task(history: History) -> Iterator[Violation]:
    """I1, from what the nodes say where they do, else from the Pods' statuses."""
    truth = any(isinstance(entry, Containers) for entry in history.entries)
    live: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for entry in history.entries:
        if isinstance(entry, Containers) == truth and isinstance(entry, Containers | Change):
            pod = entry.pod if isinstance(entry, Containers) else entry.object
            which = history.task_of(pod) if pod["kind"] == "Pod" else None
            if which is None or pod["metadata"]["uid"] in history.forgotten:
                continue
            running = live[which[:2]]
            running.pop(pod["metadata"]["uid"], None)
            if entry.is_running if isinstance(entry, Containers) else _is_running(entry):
                running[pod["metadata"]["uid"]] = pod["metadata"]["name"]
            if len(running) > 1:
                yield Violation("I1", f"task {which[1]} runs more than once: {sorted(running.values())}", entry.at)


def only_the_leader_writes(history: History) -> Iterator[Violation]:
    """I1, where two replicas share a cluster: nothing is begun by one while the lease is the other's."""
    for entry in history.entries:
        if isinstance(entry, Write) and not entry.reads and entry.writer != entry.leader:
            yield Violation("I1", f"{entry.writer} writes while {entry.leader or 'nobody'} leads", entry.at)


def finished_stays_finished(history: History) -> Iterator[Violation]:
    """I2: what has ended never changes and never starts again."""
    ended: dict[tuple[str, str], Json] = {}
    phases: dict[str, str] = {}
    seen: set[str] = set()
    for change in _changes(history, "Pod", "PipelineRun"):
        if change.kind == "Pod":
            which = history.task_of(change.object)
            if which and change.uid not in seen and which[:2] in ended:
                yield Violation("I2", f"task {which[1]} has ended and gets another Pod", change.at)
            seen.add(change.uid)
            continue
        phase = change.object.get("status", {}).get("phase", "")
        if phases.get(change.uid) in ("Succeeded", "Failed", "Cancelled") and phase != phases[change.uid]:
            yield Violation("I2", f"the run was {phases[change.uid]} and is {phase}", change.at)
        phases[change.uid] = phase
        for path, task in tasks_of(change.object).items():
            before = ended.get((change.uid, path))
            now = {"phase": task["phase"], "outputs": task.get("outputs")}
            if before and before != now:
                yield Violation("I2", f"task {path} was {before} and is {now}", change.at)
            if task["phase"] in FINAL:
                ended[change.uid, path] = now


def status_goes_forward(history: History) -> Iterator[Violation]:
    """I3: attempts and phases only grow, and nothing that was said is forgotten."""
    before: dict[tuple[str, str], tuple[int, int]] = {}
    started: dict[str, str] = {}
    for change in _changes(history, "PipelineRun"):
        status = change.object.get("status", {})
        if started.setdefault(change.uid, status.get("startTime", "")) != status.get("startTime", ""):
            if started[change.uid]:
                yield Violation(
                    "I3", f"the run started at {started[change.uid]}, now {status.get('startTime')}", change.at
                )
            started[change.uid] = status.get("startTime", "")
        known = {path for uid, path in before if uid == change.uid}
        if lost := known - set(tasks_of(change.object)):
            yield Violation("I3", f"the status forgot tasks {sorted(lost)}", change.at)
        for path, task in tasks_of(change.object).items():
            rank = ("Pending", "Running").index(task["phase"]) if task["phase"] not in FINAL else 2
            now = (2 if rank == 2 else 0, task.get("attempts", 0), rank)  # skipped tasks count no attempts
            old = before.get((change.uid, path))
            if old and now < old:
                yield Violation("I3", f"task {path} went from {old} to {now} (is final, attempts, phase)", change.at)
            before[change.uid, path] = now


def failures_are_recorded_first(history: History) -> Iterator[Violation]:
    """I4: an attempt's end stands in the status before its Pod is gone and before the next one's comes."""
    recorded: Counter[tuple[str, str]] = Counter()
    ended: set[tuple[str, str]] = set()
    runs: set[str] = set()
    seen: set[str] = set()
    for change in _changes(history, "Pod", "PipelineRun"):
        if change.kind == "PipelineRun":
            (runs.discard if change.is_gone else runs.add)(change.uid)
            for path, task in tasks_of(change.object).items():
                recorded[change.uid, path] = task.get("attempts", 0)
                if task["phase"] in FINAL:
                    ended.add((change.uid, path))
        elif change.is_gone and change.uid in history.unheld:
            continue
        elif change.is_gone and (which := history.task_of(change.object)) and which[0] in runs:
            if which[:2] not in ended and recorded[which[:2]] < which[2] + 2:
                yield Violation("I4", f"attempt {which[2]} of {which[1]} is gone and its end nowhere", change.at)
        elif change.uid not in seen and (which := history.task_of(change.object)):
            seen.add(change.uid)
            if which[2] and recorded[which[:2]] < which[2] + 1:
                yield Violation(
                    "I4", f"attempt {which[2]} of {which[1]} came before the failure was recorded", change.at
                )


def nothing_is_left_behind(history: History) -> Iterator[Violation]:
    """I5: in the end nothing is held, and nothing belongs to what is gone."""
    last = history.last()
    alive = {uid for uid, change in last.items() if not change.is_gone}
    runs = {uid: last[uid] for uid in alive if last[uid].kind == "PipelineRun"}
    for change in last.values():
        if not history.is_over or change.is_gone or change.kind not in ("Pod", "ConfigMap"):
            continue
        name = f"{change.kind} {change.object['metadata']['name']}"
        which = history.task_of(change.object) if change.kind == "Pod" else None
        owned = owners(change.object) or ({which[0]} - {""} if which else set())
        if not owned and which and SPEC_HASH in change.object["metadata"]["annotations"]:
            yield Violation("I5", f"{name} has lost its owner and stays", change.at)
        if owned and not owned & alive:
            yield Violation("I5", f"{name} outlives its run", change.at)
        run = next((runs[uid] for uid in owned if uid in runs), None)
        is_over = run is not None and run.object.get("status", {}).get("phase") in ("Succeeded", "Failed", "Cancelled")
        if is_over and FINALIZER in change.object["metadata"].get("finalizers", []):
            yield Violation("I5", f"{name} is held though its run is over", change.at)


def the_end_is_the_same(history: History) -> Iterator[Violation]:
    """I6: as without faults."""
    for change in _ends(history):
        wanted = history.expected.get(change.object["metadata"]["name"])
        if wanted is None or change.is_gone:
            continue
        kept = {item.object["metadata"]["name"]: item.object for item in history.changes("ConfigMap")
                if change.uid in owners(item.object)}  # fmt: skip
        if (end := end_state(change.object, kept)) != wanted:
            yield Violation("I6", f"the run ended as {end}, without faults as {wanted}", change.at)


def infrastructure_is_free(history: History) -> Iterator[Violation]:
    """I7: a failure of the machinery costs an attempt that was really made, and ends a task only at its own limit."""
    made = {history.task_of(change.object) for change in history.changes("Pod")}
    for change in _changes(history, "PipelineRun"):
        for path, task in tasks_of(change.object).items():
            attempts = task.get("attempts", 0)
            for attempt in range(attempts - 1):
                if (change.uid, path, attempt) not in made:
                    yield Violation("I7", f"attempt {attempt} of {path} was counted and never made", change.at)
            limit = reasons.further_attempts(task.get("reason", ""))
            if task["phase"] == "Failed" and 0 < attempts <= limit:
                text = f"{path} failed for {task['reason']} after {attempts} attempts, {limit + 1} are free"
                yield Violation("I7", text, change.at)


def every_run_ends(history: History) -> Iterator[Violation]:
    """I8: whatever its neighbours are like, each run that is expected to ends."""
    ends = _ends(history)
    open_ = {change.object["metadata"]["name"] for change in history.last().values()
             if change.kind == "PipelineRun" and change not in ends}  # fmt: skip
    ended = {change.object["metadata"]["name"] for change in ends} - open_
    for name in sorted(set(history.expected) - ended) if history.is_over else ():
        yield Violation("I8", f"run {name} never ends", history.ended)


def every_end_is_told_soon(history: History) -> Iterator[Violation]:
    """I8: a run ends soon after the last thing that happened to its Pods, not when somebody happens to look."""
    latest: dict[str, float] = {}
    for change in _changes(history, "Pod", "PipelineRun"):
        if which := history.task_of(change.object) if change.kind == "Pod" else None:
            latest[which[0]] = change.at
        elif change.object.get("status", {}).get("phase") in ("Succeeded", "Failed", "Cancelled"):
            since = latest.setdefault(change.uid, change.at)
            if change.at > since + SOON:
                yield Violation("I8", f"the run ended {change.at - since:.0f} s after its last Pod", change.at)
            latest[change.uid] = math.inf
        else:
            latest.setdefault(change.uid, change.at)


def no_secret_leaves(history: History) -> Iterator[Violation]:
    """I9, in statuses, Events, logs and ConfigMaps, packed ones unpacked."""
    for change in _changes(history, "PipelineRun", "Event", "ConfigMap") if history.secrets else ():
        part = change.object.get("status", {}) if change.kind == "PipelineRun" else change.object
        text = json.dumps(part) + "".join(_unpacked(change.object))
        for secret in history.secrets:
            if secret in text:
                yield Violation("I9", f"{change.kind} {change.object['metadata']['name']} holds a secret", change.at)
    for name, text in history.logs.items():
        if any(secret in text for secret in history.secrets):
            yield Violation("I9", f"the log of {name} holds a secret", history.ended)


def writes_are_bounded(history: History) -> Iterator[Violation]:
    """I10: the size of statuses, and how often they are written."""
    attempts: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    seen: set[str] = set()
    statuses: dict[str, Json] = {}
    for change in _changes(history, "Pod", "PipelineRun"):
        if change.kind == "Pod":
            if change.uid not in seen and (which := history.task_of(change.object)):
                attempts[which[0]] += 1
            seen.add(change.uid)
            continue
        status = change.object.get("status", {})
        if status == statuses.get(change.uid):
            continue
        statuses[change.uid] = status
        writes[change.uid] += 1
        if writes[change.uid] > WRITES_PER_RUN + WRITES_PER_ATTEMPT * attempts[change.uid]:
            yield Violation("I10", f"{writes[change.uid]} writes for {attempts[change.uid]} attempts", change.at)
        if len(status.get("taskStates", "")) > STATUS_LIMIT or len(status.get("tasks", ())) > 10_000:
            yield Violation("I10", "the status is too large", change.at)


INVARIANTS: tuple[Callable[[History], Iterator[Violation]], ...] = (
    one_live_pod_per_task,
    only_the_leader_writes,
    finished_stays_finished,
    status_goes_forward,
    failures_are_recorded_first,
    nothing_is_left_behind,
    the_end_is_the_same,
    infrastructure_is_free,
    every_run_ends,
    every_end_is_told_soon,
    no_secret_leaves,
    writes_are_bounded,
)


def first_violation(history: History) -> Violation | None:
    """The violation that shows first, if any does."""
    return next(iter(violations(history)), None)


def violations(history: History) -> list[Violation]:
    """All of them, the first one first."""
    found = [violation for check in INVARIANTS for violation in check(history)]
    return sorted(found, key=lambda violation: violation.at)


def check(history: History) -> None:
    """Raise AssertionError with the first violation and the timeline that leads to it."""
    if violation := first_violation(history):
        raise AssertionError(f"{violation}\n{timeline(history.entries)}")


def _changes(history: History, *kinds: str) -> Iterator[Change]:
    return (entry for entry in history.entries if isinstance(entry, Change) and entry.kind in kinds)


def _ends(history: History) -> list[Change]:
    """The last states of runs that are over, or gone."""
    over = ("Succeeded", "Failed", "Cancelled")
    last = [change for change in history.last().values() if change.kind == "PipelineRun"]
    return [change for change in last if change.is_gone or change.object.get("status", {}).get("phase") in over]


def _is_running(change: Change) -> bool:
    statuses = change.object.get("status", {}).get("containerStatuses", [])
    return not change.is_gone and any(item["name"] == "main" and "running" in item["state"] for item in statuses)


def _unpacked(item: Json) -> Iterator[str]:
    for packed in item.get("binaryData", {}).values():
        raw = base64.b64decode(packed)
        yield (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode(errors="replace")
