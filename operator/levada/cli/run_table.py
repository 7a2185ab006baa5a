"""A run for people: a heading, a table of its tasks, its outputs."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from levada.cli.console import Console
from levada.cli.run_view import View
from levada.report.times import duration

_STYLES = {
    "Succeeded": "green",
    "Cached": "cyan",
    "Running": "yellow",
    "Failed": "bold red",
    "Cancelled": "magenta",
    "Skipped": "dim",
}
_LONGEST = 80
_UNFOLDED = 10_000


class Output(Console):
    """stdout. A reader that has seen enough (`| head`) is no error; rich would end with 1."""

    def __init__(self) -> None:
        # What is not read by eyes is not folded: `levada get x | grep` finds whole lines.
        super().__init__(highlight=False, width=None if sys.stdout.isatty() else _UNFOLDED)

    def on_broken_pipe(self) -> None:
        """Let `main` end quietly."""
        raise  # noqa: PLE0704  # rich calls this while it handles the error


def print_run(view: View, *, tasks: bool = True) -> None:
    """Print a run on stdout, with or without the table of its tasks."""
    console = Output()
    console.print(heading(view))
    if view["message"] and view["phase"] != "Succeeded":
        console.print(Text(f"{view['reason']}: {view['message']}"), soft_wrap=True)
    if tasks and view["tasks"]:
        console.print(task_table(view["tasks"]))
    for name, value in view["outputs"].items():
        console.print(Text(f"{name} = {shown(value)}"), soft_wrap=True)


def heading(view: View) -> Text:
    """One line: which run, its phase, how long."""
    return Text.assemble(f"{view['namespace']}/{view['name']}  ", phase_text(view["phase"]), f"  {duration(view)}")


def task_table(tasks: list[View]) -> Table:
    """A row for each task."""
    table = Table(box=None, pad_edge=False)
    for column in ("TASK", "PHASE", "TIME", "ATTEMPTS", "WHY, OR OUTPUTS"):
        table.add_column(column, overflow="fold")
    for task in tasks:
        outputs = ", ".join(_output(name, value) for name, value in task["outputs"].items())
        why = Text(reason_of(task) or outputs)
        table.add_row(Text(task["path"]), phase_text(task["phase"]), duration(task), str(task["attempts"]), why)
    return table


def _output(name: str, value: Any) -> str:
    """An output in a table; where an artifact is, `levada artifacts` says."""
    is_artifact = isinstance(value, Mapping) and "uri" in value
    return f"{name} ({value.get('type', 'Artifact')})" if is_artifact else f"{name}={shown(value)}"


def reason_of(view: View) -> str:
    """Why a run or task stands as it does, where that is worth a word."""
    return ": ".join(part for part in (view["reason"], view["message"]) if part)


def phase_text(phase: str, text: str | None = None) -> Text:
    """A phase, or `text` instead, in the phase's colour."""
    return Text(phase if text is None else text, style=_STYLES.get(phase, ""))


def shown(value: Any) -> str:
    """A value on one line; of an artifact its URI."""
    if isinstance(value, Mapping) and "uri" in value:
        return str(value["uri"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = json.dumps(text, ensure_ascii=False) if "\n" in text else text
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
