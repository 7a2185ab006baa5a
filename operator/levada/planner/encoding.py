"""The tasks of a run as rows: readable in the status while the run is small, and always as one compact string.

Measured: rewriting a readable list of 1,000 tasks costs the API server 118 to 300 ms for each write, an encoded
string 4 ms. The string is what a restart reads; the list is for people.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, overload

import msgspec

from levada.graph.model import Artifact, Datum, Output
from levada.graph.outputs import offered
from levada.planner.nodes import Leaf, Node, Phase
from levada.planner.reasons import NEVER_STARTED

READABLE_TASKS = 100
"""Runs with more tasks than this show failed tasks only."""
READABLE_NODES = 500
"""So do those with more tasks, loops and nested graphs together: thousands of empty loops hold no task."""
FAILED_SHOWN = 20
"""Failed tasks that the status of a large run shows."""
BULKY = 2048
"""Bytes of one task's outputs above which they stand in a ConfigMap of the run."""
INLINE = 131_072
"""Bytes of the outputs of all tasks in the status; when there are more, they move into a ConfigMap together."""
BULKY_RUN = 32_768
"""Bytes of the run's own outputs above which they stand in a ConfigMap; the status then shows the small ones."""
SHARD = 800_000
"""Bytes of outputs in one ConfigMap, before compression; the outputs of one task are never split."""
MOST_SHED = 2
"""The most that `shed` leaves out."""
_MESSAGE = 2000
_BRIEF = 80


class Row(msgspec.Struct, array_like=True, omit_defaults=True):
    """One task that is past its beginning; `shard` names the ConfigMap that holds bulky outputs."""

    path: str
    phase: Phase
    attempt: int = 0
    infra_failures: int = 0
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started: datetime | None = None
    finished: datetime | None = None
    outputs: dict[str, Any] | None = None
    shard: int | None = None
    log: str = ""
    pod: str = ""
    trouble: str = ""
    oom_kills: int = 0
    not_before: datetime | None = None
    is_group: bool = False
    miss: str = ""


_ENCODER = msgspec.json.Encoder()
_ROWS = msgspec.json.Decoder(list[Row])


def row_of(node: Node, shard: int | None) -> Row:
    """What is kept of `node`; of a group little, for all else follows from its tasks."""
    if not isinstance(node, Leaf):
        return Row(
            node.path,
            node.phase,
            reason=node.reason,
            message=node.message[:_MESSAGE],
            started=node.started,
            finished=node.finished,
            outputs=plain_outputs(node.outputs) if size_of(node.outputs) <= BULKY else None,
            is_group=True,
        )
    leaf = node
    return Row(
        leaf.path,
        leaf.phase,
        leaf.attempt,
        leaf.infra_failures,
        leaf.reason,
        leaf.message[:_MESSAGE],
        leaf.exit_code,
        leaf.started,
        leaf.finished,
        None if shard is not None else plain_outputs(leaf.outputs),
        shard,
        leaf.log,
        leaf.pod,
        leaf.trouble[:_MESSAGE],
        leaf.oom_kills,
        None if leaf.phase.is_final else leaf.not_before,
        miss=leaf.miss,
    )


def brief(row: Row) -> Row:
    """What is kept of a task of a large run that the status does not show: 10,000 logs would not fit."""
    outputs = None if row.is_group else row.outputs
    return msgspec.structs.replace(
        row, message=row.message[:_BRIEF], log="", trouble="", outputs=outputs, miss=row.miss[:_BRIEF]
    )


def shed(rows: Collection[Row], degree: int, spared: Collection[str]) -> list[Row]:
    """The rows without what only people read, for a status that would be too large: 1 leaves out words, 2 times, too.

    The tasks at the paths in `spared` keep their words for as long as that helps. What is needed to go on always stays.
    """
    return [_shed(row, degree) if degree == MOST_SHED or row.path not in spared else row for row in rows]


def _shed(row: Row, degree: int) -> Row:
    is_timeless = degree == MOST_SHED and row.phase.is_final  # what still runs has a deadline
    started, finished = (None, None) if is_timeless else (row.started, row.finished)
    return msgspec.structs.replace(row, message="", log="", trouble="", miss="", started=started, finished=finished)


def node_of(row: Row, like: Node, outputs: Mapping[str, Any]) -> Node:
    """A free-standing node with what was kept of it, for `Run.restore`."""
    if not isinstance(like, Leaf):
        return Node(row.path, like.task, None, started=row.started, finished=row.finished)
    leaf = Leaf(row.path, like.task, None)
    leaf.phase, leaf.attempt, leaf.infra_failures = row.phase, row.attempt, row.infra_failures
    leaf.reason, leaf.message, leaf.exit_code, leaf.log = row.reason, row.message, row.exit_code, row.log
    leaf.pod, leaf.trouble = row.pod, row.trouble
    leaf.oom_kills, leaf.not_before, leaf.miss = row.oom_kills, row.not_before, row.miss
    leaf.started, leaf.finished = row.started, row.finished
    leaf.outputs = read_outputs(offered(like.task.body), outputs)
    return leaf


def read_outputs(declared: Mapping[str, Output], outputs: Mapping[str, Any]) -> dict[str, Datum]:
    """The outputs of a task that declares them so, out of what `plain_outputs` made of them."""
    return {name: plain if declared[name].is_parameter else Artifact(**plain) for name, plain in outputs.items()}


def encode_rows(rows: list[Row]) -> str:
    """One string for all rows. Compressed most, it is 6 % smaller and takes seven times as long."""
    return base64.b64encode(zlib.compress(_ENCODER.encode(rows), 1)).decode()


def decode_rows(text: str) -> list[Row]:
    """The rows in a string of `encode_rows`."""
    return _ROWS.decode(zlib.decompress(base64.b64decode(text))) if text else []


def decode_tasks(text: str) -> list[dict[str, Any]]:
    """The rows in a string of `encode_rows`, as the readable list shows tasks."""
    return [readable(row) for row in decode_rows(text)]


def readable(row: Row) -> dict[str, Any]:
    """How the status shows a task to people."""
    shown: dict[str, Any] = {
        "path": row.path,
        "phase": str(row.phase),
        "reason": row.reason,
        "message": row.message,
        "exitCode": row.exit_code,
        "pod": row.pod,
        "attempts": row.attempt + _is_under_way(row),
        "cached": row.phase is Phase.CACHED or None,
        "cacheMissReason": row.miss,
        "startTime": timestamp(row.started),
        "completionTime": timestamp(row.finished),
        "outputs": row.outputs,
        "logTail": row.log,
    }
    return {
        key: value
        for key, value in shown.items()
        if value not in (None, "", {}, 0) or (key == "exitCode" and value == 0)
    }


def _is_under_way(row: Row) -> bool:
    """Whether the attempt that the row counts has been started, and is not one that is waited for or never came."""
    if row.is_group:
        return False
    if row.phase is Phase.PENDING:
        return bool(row.attempt)
    if row.phase is Phase.CANCELLED:
        return bool(row.pod or row.started)
    return row.phase not in (Phase.SKIPPED, Phase.CACHED) and row.reason not in NEVER_STARTED


def plain_outputs(outputs: Mapping[str, Datum]) -> dict[str, Any] | None:
    """Outputs as JSON: parameters by value, artifacts as maps."""
    return {name: plain(datum) for name, datum in outputs.items()} or None


def plain(datum: Datum) -> Any:
    """A parameter's value, or an artifact as `{uri, digest, type, metadata}`; of an artifact list all."""
    if isinstance(datum, tuple):
        return [plain(item) for item in datum]
    if not isinstance(datum, Artifact):
        return datum
    shown = {"uri": datum.uri, "digest": datum.digest, "type": datum.type, "metadata": dict(datum.metadata)}
    return {key: value for key, value in shown.items() if value}


def small(outputs: Mapping[str, Datum]) -> dict[str, Datum]:
    """Those of `outputs` that are not bulky by themselves."""
    return {name: datum for name, datum in outputs.items() if size_of({name: datum}) <= BULKY}


def size_of(outputs: Mapping[str, Datum]) -> int:
    """Bytes of `outputs` as JSON."""
    return len(_ENCODER.encode(plain_outputs(outputs)))


@overload
def timestamp(time: datetime) -> str: ...
@overload
def timestamp(time: None) -> None: ...
def timestamp(time: datetime | None) -> str | None:
    """A time as Kubernetes writes it, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
