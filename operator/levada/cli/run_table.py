"""A run for people: a heading, a table of its tasks, its outputs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from levada.cli.run_view import View

_STYLES = {
    "Succeeded": "green",
    "Cached": "cyan",
    "Running": "yellow",
    "Failed": "bold red",
    "Cancelled": "magenta",
    "Skipped": "dim",
}


def print_run(view: View, console: Console | None = None) -> None:
    """Print a run; `console` is stdout if not given."""
    console = console or Console(highlight=False)
    heading = Text.assemble(f"{view['namespace']}/{view['name']}  ", _phase(view["phase"]))
    heading.append(f"  {_duration(view)}")
    console.print(heading)
    if view["message"]:
        console.print(Text(f"{view['reason']}: {view['message']}"))
    if view["tasks"]:
        console.print(_tasks(view["tasks"]))
    for name, value in view["outputs"].items():
        console.print(Text(f"{name} = {_shown(value)}"))


def _tasks(tasks: list[View]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("TASK", "PHASE", "TIME", "ATTEMPTS", "WHY, OR OUTPUTS"):
        table.add_column(column, overflow="fold")
    for task in tasks:
        why = ": ".join(part for part in (task["reason"], task["message"]) if part)
        outputs = ", ".join(f"{name}={_shown(value)}" for name, value in task["outputs"].items())
        row = (Text(task["path"]), _phase(task["phase"]), _duration(task), str(task["attempts"]), Text(why or outputs))
        table.add_row(*row)
    return table


def _phase(phase: str) -> Text:
    return Text(phase, style=_STYLES.get(phase, ""))


def _shown(value: Any) -> str:
    """A value on one line; of an artifact its URI."""
    if isinstance(value, Mapping) and "uri" in value:
        return str(value["uri"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = json.dumps(text, ensure_ascii=False) if "\n" in text else text
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004


def _duration(view: View) -> str:
    """How long it took, or has been running."""
    if not view["startTime"]:
        return ""
    end = _time(view["completionTime"]) if view["completionTime"] else datetime.now(UTC)
    seconds = max(0, int((end - _time(view["startTime"])).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{seconds}s" if hours else f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
