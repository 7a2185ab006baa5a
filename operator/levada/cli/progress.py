"""How a run goes on, for eyes: a live table on a terminal, a line for each change elsewhere. Always on stderr."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from levada.cli.console import Console
from levada.cli.run_table import heading, phase_text, reason_of, task_table
from levada.cli.run_view import View
from levada.report.times import duration

_BAR = 40
_AROUND = 8
"""Lines that are not for tasks: heading, table head, bar, the shell's prompt."""
_FEWEST = 3
_FIRST = ("Running", "Failed")


class Progress(Protocol):
    """Shows a run as it goes on."""

    def show(self, view: View) -> None:
        """Show how it stands now."""

    def notice(self, sentence: str) -> None:
        """Say something beside it."""


@contextmanager
def progress() -> Iterator[Progress]:
    """What suits stderr."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield Lines(console)
        return
    picture = Picture(console)
    with Live(get_renderable=picture.render, console=console, refresh_per_second=4, transient=False) as live:
        picture.live = live
        yield picture


def followed(views: Iterable[View]) -> View:
    """Show each of the views; the last one."""
    last: View = {}
    with progress() as shown:
        for last in views:  # the last one is the answer
            shown.show(last)
    return last


class Lines:
    """A line for each task that changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, str] = {}

    def show(self, view: View) -> None:
        """Print what is new."""
        for task in view["tasks"]:
            if task["phase"] not in ("Pending", self._seen.get(task["path"])):
                self._seen[task["path"]] = task["phase"]
                took = f" {duration(task)}" if task["completionTime"] else ""
                why = f"  {reason_of(task)}" if reason_of(task) else ""
                self._print(f"{task['path']}: {task['phase']}{took}{why}")
        if view["phase"] != self._seen.get(""):
            self._seen[""] = view["phase"]
            why = f"  {reason_of(view)}" if view["phase"] in ("Failed", "Cancelled", "Pending") else ""
            self._print(f"run {view['name']}: {view['phase']}{why}")

    def notice(self, sentence: str) -> None:
        """Print it."""
        self._print(sentence)

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


class Picture:
    """The table of tasks over a progress bar, drawn again a few times a second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._view: View | None = None
        self.live: Live | None = None

    def show(self, view: View) -> None:
        """Draw it from now on."""
        self._view = view
        if self.live is not None:
            self.live.refresh()

    def notice(self, sentence: str) -> None:
        """Print it above the table."""
        self._console.print(Text(sentence))

    def render(self) -> RenderableType:
        """The picture now: its times go on by themselves."""
        view = self._view
        if view is None:
            return Text("waiting for the run to start")
        shown = _most_telling(view["tasks"], max(_FEWEST, self._console.height - _AROUND))
        parts: list[RenderableType] = [heading(view)]
        if shown:
            parts.append(task_table(shown))
        hidden = len(view["tasks"]) - len(shown)
        if hidden:
            parts.append(Text(f"... and {hidden} more tasks", style="dim"))
        return Group(*parts, _bar(view))


def _most_telling(tasks: list[View], room: int) -> list[View]:
    """As many tasks as there is room for, in their order: what runs or failed before all else."""
    if len(tasks) <= room:
        return tasks
    ranked = sorted(range(len(tasks)), key=lambda index: (tasks[index]["phase"] not in _FIRST, index))
    return [tasks[index] for index in sorted(ranked[:room])]


def _bar(view: View) -> Table:
    counts = view["counts"]
    total = counts.get("total", 0) or len(view["tasks"])
    over = sum(counts.get(name, 0) for name in ("succeeded", "cached", "skipped", "failed", "cancelled"))
    line = Table.grid(padding=(0, 1))
    words = Text(f"{over}/{total}")
    for name in ("running", "failed", "skipped", "cached", "cancelled"):
        if counts.get(name):
            words.append("  ").append_text(phase_text(name.title(), f"{counts[name]} {name}"))
    line.add_row(ProgressBar(total=max(total, 1), completed=over, width=_BAR), words, Text(duration(view)))
    return line
