"""What became of an attempt whose task ended well: outputs, or what is wrong with them. The same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from levada.graph.model import Artifact, Component, Datum, Output
from levada.graph.types import ValueMismatchError, parse_text
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.handoff import OutputRecord


def outcome_of(
    component: Component,
    records: Mapping[str, OutputRecord],
    started: datetime | None = None,
    finished: datetime | None = None,
) -> Success | Failure:
    """A success with every output that `component` declares, or the failure of the first that is not as declared."""
    outputs: dict[str, Datum] = {}
    for name, declared in component.outputs.items():
        record = records.get(name)
        if record is None:
            missing = f"output {name!r} was not reported"
            return Failure(reasons.OUTPUT_MISSING, missing, 0, "", started, finished)
        try:
            outputs[name] = _datum(declared, record)
        except ValueMismatchError as mismatch:
            return Failure(reasons.INVALID_OUTPUT, f"output {name!r}: {mismatch}", 0, "", started, finished)
    return Success(outputs, started, finished)


def _datum(declared: Output, record: OutputRecord) -> Datum:
    if record.artifact:
        return Artifact(record.artifact.uri, record.artifact.digest, record.artifact.type, record.artifact.metadata)
    return parse_text(declared.type, record.text or "")
