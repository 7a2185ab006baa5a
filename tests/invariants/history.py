"""What happened, as the invariants are decided from it: whoever records it, a watch on a cluster or a simulation."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.planner.encoding import READABLE_TASKS, decode_tasks

Json = Mapping[str, Any]
_MOMENT = 1e-3


@dataclass(frozen=True, slots=True)
class Change:
    """An object as it stood after a write; `at` in seconds. `is_gone` with its last state once it is removed."""

    at: float
    object: Json
    is_gone: bool = False

    @property
    def kind(self) -> str:
        return self.object["kind"]

    @property
    def uid(self) -> str:
        return self.object["metadata"]["uid"]


def seen_in_watches(events: Iterable[Json]) -> list[Change]:
    """The changes that watches of a cluster told, in order. They tell no times: each is a moment after the one before.

    Versions count the writes of the whole cluster: they order objects of all kinds among each other.
    """
    ordered = sorted(events, key=lambda event: int(event["object"]["metadata"]["resourceVersion"]))
    return [Change(n * _MOMENT, event["object"], event["type"] == "DELETED") for n, event in enumerate(ordered)]


@dataclass(frozen=True, slots=True)
class Containers:
    """The main container of the Pod with that UID began or ended: the truth of the node, whatever the API says."""

    at: float
    pod: Json
    is_running: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the reader of a timeline: a fault, a crash, a request."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Write:
    """A replica began to send a request while `leader` held the lease; one that `reads` changes nothing."""

    at: float
    writer: str
    leader: str
    text: str
    reads: bool = False


Entry = Change | Containers | Note | Write


@dataclass(slots=True)
class History:
    """All entries in the order in which they happened.

    Attributes
    ----------
    expected
        How each run has to end, by name: what `end_state` gives of the same run without faults. Runs that are not
        named may end as they like.
    secrets
        Texts that may stand nowhere.
    is_over
        Whether nothing happens any more: what has to happen in the end has had its chance.
    logs
        What containers and the operator have said, by their names.
    unheld
        UIDs of Pods that somebody else let go: of those nobody can promise that their end is recorded first.
    forgotten
        UIDs of Pods that went before a status told of them, and then the operator that saw them, too: nothing is left
        that says that they may still run.
    """

    entries: list[Entry] = field(default_factory=list)
    expected: dict[str, Json] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    is_over: bool = True
    logs: Mapping[str, str] = field(default_factory=dict)
    unheld: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    _tasks: dict[str, tuple[str, str, int] | None] = field(default_factory=dict)
    _read: int = 0

    @property
    def ended(self) -> float:
        """When the last thing happened."""
        return self.entries[-1].at if self.entries else 0.0

    def changes(self, kind: str) -> Iterator[Change]:
        return (entry for entry in self.entries if isinstance(entry, Change) and entry.kind == kind)

    def last(self) -> dict[str, Change]:
        """The last state of each object, by UID."""
        return {entry.uid: entry for entry in self.entries if isinstance(entry, Change)}

    def task_of(self, pod: Json) -> tuple[str, str, int] | None:
        """The run's UID, the task and the attempt of a Pod of ours, as it was made: people may edit what it says."""
        for entry in self.entries[self._read :]:
            if isinstance(entry, Change) and entry.kind == "Pod" and entry.uid not in self._tasks:
                self._tasks[entry.uid] = _said_by(entry.object)
        self._read = len(self.entries)
        uid = pod["metadata"]["uid"]
        return self._tasks[uid] if uid in self._tasks else _said_by(pod)


def owners(item: Json) -> set[str]:
    return {owner["uid"] for owner in item["metadata"].get("ownerReferences", [])}


def _said_by(pod: Json) -> tuple[str, str, int] | None:
    notes = pod["metadata"].get("annotations", {})
    if "levada.dev/task" not in notes:
        return None
    uid = next(iter(sorted(owners(pod))), "")
    return uid, notes["levada.dev/task"], int(notes["levada.dev/attempt"])


def tasks_of(run: Json) -> dict[str, Json]:
    """What the status says of the tasks; that of a large run shows people few of them."""
    status = run.get("status", {})
    tasks = status.get("tasks", [])
    if status.get("counts", {}).get("total", 0) > READABLE_TASKS:
        tasks = decode_tasks(status["taskStates"])
    return {task["path"]: task for task in tasks}


def end_state(run: Json, kept: Mapping[str, Json]) -> Json:
    """What of a finished run must not depend on any fault; `kept` are its ConfigMaps by name."""
    status = run.get("status", {})
    tasks = {path: [task["phase"], task.get("outputs", {})] for path, task in tasks_of(run).items()}
    for name in status.get("outputsConfigMaps", []):
        packed = kept[name]["binaryData"]["outputs"] if name in kept else None
        for path, outputs in json.loads(gzip.decompress(base64.b64decode(packed))).items() if packed else ():
            if path in tasks:
                tasks[path][1] = outputs
    return {"phase": status.get("phase"), "tasks": tasks, "outputs": status.get("outputs", {})}
