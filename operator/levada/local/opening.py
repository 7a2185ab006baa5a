"""Before a run's tasks are started: what is kept of it is read and compared, what an earlier engine left is ended."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from levada.frontend.native import build_run
from levada.graph.model import Datum, Graph
from levada.local.attempt import GOING
from levada.local.errors import FolderError, RunDiffersError
from levada.local.home import RunFolder, attempt_key
from levada.local.journal import Recorded, read_journal
from levada.local.record import Head
from levada.local.survivors import AttemptEnd, Traces, end_survivors, read_attempts
from levada.planner.encoding import Row, node_of, timestamp
from levada.planner.nodes import Gate, Group, Leaf, Phase
from levada.planner.run import Run
from levada.store.tree import discard


@dataclass(frozen=True, slots=True)
class Definition:
    """All that a run consists of, checked already.

    Attributes
    ----------
    name, namespace
        Of the run; tasks see both (`LEVADA_RUN`, `LEVADA_NAMESPACE`).
    run
        The spec of the PipelineRun, its parameters included.
    pipelines, components
        Specs by name, those that the run refers to at least.
    """

    name: str
    namespace: str
    run: Mapping[str, Any]
    pipelines: Mapping[str, Any]
    components: Mapping[str, Any]


@dataclass(slots=True)
class Opened:
    """A run that is ready to go on.

    Attributes
    ----------
    recorded
        What its journal held.
    ended
        Attempts whose process ended before anybody looked at its outputs, by task.
    """

    head: Head
    run: Run
    recorded: Recorded
    ended: dict[str, AttemptEnd]


def open_run(folder: RunFolder, definition: Definition, graph: Graph, inputs: dict[str, Datum]) -> Opened:
    """Begin a run, or take up what is kept of it; the caller holds the folder, and built the graph.

    Raises
    ------
    RunDiffersError
        When there is a run of this name that is another one.
    """
    if not folder.definition.exists():
        head = _new_head(definition, graph, inputs)
        _write_head(folder.definition, head)
        return Opened(head, _run(head, graph, inputs), Recorded(), {})
    head = read_head(folder)
    if build_run(head.run, head.pipelines, head.components) != (graph, inputs):
        raise RunDiffersError(
            f"there is a local run {head.name!r} already, of another definition or with other parameters; "
            f"give this one another --name, or remove {folder.path} with all its results"
        )
    run = _run(head, graph, inputs)
    recorded = read_journal(folder.journal)
    opened = Opened(head, run, recorded, {})
    if recorded.end is None:
        traces = read_attempts(folder.attempts)
        end_survivors(traces, head.uid)
        _restore(opened, traces, folder)
    return opened


def read_head(folder: RunFolder) -> Head:
    """What was asked for when the run was first started."""
    try:
        return msgspec.json.decode(folder.definition.read_bytes(), type=Head)
    except (msgspec.DecodeError, OSError) as error:
        raise FolderError(f"{folder.definition} cannot be read ({error}); remove {folder.path}") from None


def _run(head: Head, graph: Graph, inputs: Mapping[str, Datum]) -> Run:
    facts = {"name": head.name, "namespace": head.namespace, "uid": head.uid, "startTime": timestamp(head.started)}
    return Run(graph, inputs, started=head.started, facts=facts)


def _new_head(definition: Definition, graph: Graph, inputs: Mapping[str, Datum]) -> Head:
    nodes = Run(graph, inputs).nodes
    return Head(
        definition.name,
        definition.namespace,
        uuid.uuid4().hex,
        datetime.now(UTC),
        list(nodes),
        [path for path, node in nodes.items() if isinstance(node, Group)],
        dict(definition.run),
        dict(definition.pipelines),
        dict(definition.components),
    )


def _write_head(path: Path, head: Head) -> None:
    """All of it or nothing: a run exists from here on."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as target:
        target.write(msgspec.json.encode(head))
    partial.replace(path)


def _restore(opened: Opened, traces: Traces, folder: RunFolder) -> None:
    """Give the planner what is kept; an attempt that was cut short is followed by another one at no cost."""
    now = datetime.now(UTC)
    run = opened.run
    for leftover in (folder.path / "work").glob(f"*{GOING}"):
        discard(leftover)
    unseen = dict.fromkeys([*opened.recorded.rows, *run.nodes])
    for path in unseen:
        row = opened.recorded.rows.get(path) or Row(path, Phase.PENDING)
        like = run.nodes.get(path)
        if like is None:
            continue
        if isinstance(like, Leaf) and not isinstance(like, Gate) and not row.phase.is_final:
            key = attempt_key(path, row.attempt)
            # What it left is cleared once its result is noted: without it the disk has lost that note, with its power.
            if key in traces.ended and folder.work(key).exists():
                opened.ended[path] = traces.ended[key]
                row = msgspec.structs.replace(row, phase=Phase.RUNNING)
            elif key in traces.ended or key in traces.running or row.phase is Phase.RUNNING:
                discard(folder.work(key))
                row = Row(path, Phase.PENDING, row.attempt + 1, row.infra_failures)
        run.restore(path, node_of(row, like, row.outputs or {}), now)
        opened.recorded.rows[path] = row
    run.mark_recorded(run.version)
