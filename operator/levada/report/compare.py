"""Several runs side by side: what they were given, what came out, how long it took, and where they differ."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from levada.report.times import seconds

Record = Mapping[str, Any]

_NOTABLE_SECONDS = 1.0
_NOTABLE_SHARE = 1.2
"""Times differ always; they are marked from this difference and this ratio on."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that each run has, in the order of the runs; None where one has it not."""

    name: str
    values: tuple[Any, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs by name, and what can be said of all of them."""

    names: tuple[str, ...]
    phases: tuple[Row, ...]
    parameters: tuple[Row, ...]
    outputs: tuple[Row, ...]
    metrics: tuple[Row, ...]
    durations: tuple[Row, ...]

    def sections(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The titles of the sections that have rows, in reading order."""
        return tuple((name, getattr(self, name)) for name in SECTIONS if getattr(self, name))

    def document(self) -> dict[str, Any]:
        """As JSON: `{runs, phases, parameters, outputs, metrics, durations}`, rows as `{name, values, differs}`."""
        rows = {
            name: [
                {"name": row.name, "values": list(row.values), "differs": row.differs} for row in getattr(self, name)
            ]
            for name in SECTIONS
        }
        return {"runs": list(self.names), **rows}


SECTIONS = ("phases", "parameters", "outputs", "metrics", "durations")


def compare(runs: Sequence[Record]) -> Comparison:
    """`runs`, in the JSON shape of `levada get`, side by side."""
    return Comparison(
        tuple(run["name"] for run in runs),
        _rows([{"phase": run["phase"]} for run in runs]),
        _rows([run["parameters"] for run in runs]),
        _rows([_short(run["outputs"]) for run in runs]),
        _rows([metrics_of(run) for run in runs]),
        _rows([_durations(run) for run in runs], _times_differ),
    )


def metrics_of(run: Record) -> dict[str, Any]:
    """Numbers and words that tasks recorded about their artifacts of type Metrics, by `task.output.name`."""
    found: dict[str, Any] = {}
    for task in run["tasks"]:
        for name, value in task["outputs"].items():
            if isinstance(value, Mapping) and value.get("type") == "Metrics":
                metadata = value.get("metadata") or {}
                found |= {f"{task['path']}.{name}.{key}": item for key, item in metadata.items()}
    return found


def _short(outputs: Record) -> dict[str, Any]:
    """Artifacts by what tells them apart: their content, not the place of this run's copy."""
    return {name: _artifact(value) if _is_artifact(value) else value for name, value in outputs.items()}


def _is_artifact(value: Any) -> bool:
    return isinstance(value, Mapping) and "uri" in value


def _artifact(value: Record) -> str:
    return f"{value.get('type', 'Artifact')} {value.get('digest') or value['uri']}"


def _durations(run: Record) -> dict[str, float | None]:
    spans = {task["path"]: seconds(task) for task in run["tasks"]}
    return {"(run)": seconds(run), **spans}


def _rows(columns: Sequence[Record], differ: Callable[[Sequence[Any]], bool] | None = None) -> tuple[Row, ...]:
    names: Iterable[str] = dict.fromkeys(name for column in columns for name in column)
    found = ((name, tuple(column.get(name) for column in columns)) for name in names)
    return tuple(Row(name, values, (differ or _values_differ)(values)) for name, values in found)


def _values_differ(values: Sequence[Any]) -> bool:
    # As JSON: to Python true is 1.
    return len({json.dumps(value, sort_keys=True) for value in values}) > 1


def _times_differ(values: Sequence[float | None]) -> bool:
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return bool(known)
    low, high = min(known), max(known)
    return high - low >= _NOTABLE_SECONDS and high >= low * _NOTABLE_SHARE
