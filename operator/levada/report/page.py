"""The report: one HTML page with everything about some runs, which needs nothing else and asks no one anything."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from levada.graph.model import Graph
from levada.pictures.colours import LOOKS, look
from levada.pictures.picture import picture_of
from levada.pictures.svg import svg
from levada.report.compare import Comparison, compare, metrics_of
from levada.report.embed import Embedder, Fetch, Shown
from levada.report.timeline import timeline
from levada.report.times import duration, in_words

_LONGEST_VALUE = 2000


@dataclass(frozen=True, slots=True)
class Subject:
    """A run to report on: its record, its graph (None where it has none yet), and how its artifacts are read."""

    record: Mapping[str, Any]
    graph: Graph | None
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class _Task:
    """A task on the page."""

    record: Mapping[str, Any]
    values: Mapping[str, Any]
    artifacts: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """A run on the page."""

    record: Mapping[str, Any]
    picture: Markup
    timeline: Markup
    metrics: Mapping[str, Any]
    tasks: tuple[_Task, ...]


def report(subjects: Sequence[Subject]) -> str:
    """The page. Several runs are compared first, and then stand one below the other."""
    environment = Environment(
        loader=PackageLoader("levada.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"text": _text, "duration": duration, "words": in_words, "colour": _colour}
    script = _own("report.js")
    runs = [_run(subject) for subject in subjects]
    comparison: Comparison | None = compare([run.record for run in runs]) if len(runs) > 1 else None
    return environment.get_template("report.html.jinja").render(
        runs=runs,
        comparison=comparison,
        title=", ".join(run.record["name"] for run in runs),
        looks=LOOKS,
        style=Markup(_own("report.css")),  # noqa: S704  # our own file
        script=Markup(script),  # noqa: S704  # our own file
        # The page's own script and no other: what tasks wrote cannot run, nor reach any network.
        policy=(
            f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
    )


def _run(subject: Subject) -> _Run:
    record = subject.record
    phases = {task["path"]: task["phase"] for task in record["tasks"]}
    drawn = svg(picture_of(subject.graph, phases), f"Graph of {record['name']}") if subject.graph else ""
    embedder = Embedder(subject.fetch)
    tasks = []
    for task in record["tasks"]:
        artifacts = tuple(embedder.shown(task["outputs"]))
        names = {artifact.output for artifact in artifacts}
        values = {name: value for name, value in task["outputs"].items() if name not in names}
        tasks.append(_Task(task, values, artifacts))
    # Both are SVG of our own making, in which every word of others is escaped.
    return _Run(
        record,
        Markup(drawn),  # noqa: S704
        Markup(timeline(record["tasks"])),  # noqa: S704
        metrics_of(record),
        tuple(tasks),
    )


def _text(value: Any) -> str:
    """A value as text of bearable length."""
    if value is None:
        return "–"
    if isinstance(value, Mapping) and "uri" in value:
        return str(value["uri"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} characters)"


def _colour(phase: str) -> str:
    """The style of a phase's mark."""
    seen = look(phase if phase in LOOKS else "Pending")
    return f"background:{seen.fill};color:{seen.ink};border-color:{seen.line}"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _own(name: str) -> str:
    return files("levada.report").joinpath(name).read_text(encoding="utf-8")
