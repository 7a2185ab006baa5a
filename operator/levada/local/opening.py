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
from levada.graph.workspace import claim_of
from levada.local.attempt import GOING
from levada.local.claims import claim_folder
from levada.local.errors import FolderError, NoSuchRunError, RunDiffersError, UnfinishedError
from levada.local.home import RunFolder, attempt_key
from levada.local.journal import Recorded, read_journal
from levada.local.record import Head
from levada.local.survivors import AttemptEnd, Traces, end_survivors, read_attempts
from levada.planner.encoding import Row, node_of, timestamp
from levada.planner.flow.rerun import NOTHING, Results, results_of
from levada.planner.nodes import Gate, Group, Leaf, Phase
from levada.planner.run import Run
from levada.store.tree import discard

NAMESPACE = "default"
"""Where objects are that name no namespace, as in a cluster."""


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


def open_run(
    folder: RunFolder, definition: Definition, graph: Graph, inputs: dict[str, Datum], *, uses_images: bool
) -> Opened:
    """Begin a run, or take up what is kept of it; the caller holds the folder, and built the graph.

    `uses_images` says whether its tasks see this machine's folders where they are, or their claims where they mount
    them.

    Raises
    ------
    RunDiffersError
        When there is a run of this name that is another one.
    LocalError
        The run that this is a rerun of is not there, or not over.
    """
    if not folder.definition.exists():
        earlier = _earlier(folder, definition, uses_images=uses_images)
        head = _new_head(definition, graph, inputs)
        _write_head(folder.definition, head)
        facts = _facts(head, folder.home, uses_images=uses_images)
        return Opened(head, _run(head, graph, inputs, facts, earlier, Recorded()), Recorded(), {})
    head = read_head(folder)
    if build_run(head.run, head.pipelines, head.components) != (graph, inputs):
        raise RunDiffersError(
            f"there is a local run {head.name!r} already, of another definition or with other parameters; "
            f"give this one another --name, or remove {folder.path} with all its results"
        )
    try:
        earlier = _earlier(folder, definition, uses_images=uses_images)
    except NoSuchRunError:  # removed meanwhile: there is nothing to take over any more
        earlier = NOTHING
    recorded = read_journal(folder.journal)
    run = _run(head, graph, inputs, _facts(head, folder.home, uses_images=uses_images), earlier, recorded)
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


def _earlier(folder: RunFolder, definition: Definition, *, uses_images: bool) -> Results:
    """What the run takes over from the one that its `rerunOf` names.

    Raises
    ------
    LocalError
        There is no such run, or it is not over yet.
    """
    name = (definition.run.get("rerunOf") or {}).get("name")
    if name is None:
        return NOTHING
    earlier = RunFolder(folder.home, name)
    earlier.must_exist()
    head, recorded = read_head(earlier), read_journal(earlier.journal)
    if head.namespace != definition.namespace:
        raise NoSuchRunError(f"the local run {name!r} is in namespace {head.namespace}, not {definition.namespace}")
    if recorded.end is None:
        raise UnfinishedError(name)
    facts = _facts(head, folder.home, uses_images=uses_images)
    run = _run(head, *build_run(head.run, head.pipelines, head.components), facts, NOTHING, recorded)
    seen: set[str] = set()
    while unseen := [path for path in run.nodes if path not in seen]:  # a loop's iterations appear with its items
        for path in unseen:
            if row := recorded.rows.get(path):
                run.restore(path, node_of(row, run.nodes[path], row.outputs or {}), head.started)
        seen.update(unseen)
    return results_of(name, run)


def _run(  # all that a run is made of
    head: Head,
    graph: Graph,
    inputs: Mapping[str, Datum],
    facts: Mapping[str, str],
    earlier: Results,
    recorded: Recorded,
) -> Run:
    rows = recorded.rows.values()
    return Run(graph, inputs, started=head.started, facts=facts, earlier=earlier, recorded=rows)


def _facts(head: Head, home: Path, *, uses_images: bool) -> dict[str, str]:
    facts = {"name": head.name, "namespace": head.namespace, "uid": head.uid, "startTime": timestamp(head.started)}
    return facts if uses_images else facts | {"workspace": str(claim_folder(home, claim_of(head.name)))}


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
