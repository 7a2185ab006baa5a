"""`levada report` and `levada compare`: runs on a page, and side by side."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError
from levada.cli.options import json_output, where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.runs import Runs
    from levada.report.compare import Comparison
    from levada.report.page import Subject


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-O", "--output-file", "target", default="report.html", show_default=True, metavar="PATH")
@where_options
def report(runs: tuple[str, ...], target: str, where: Where) -> None:
    """Write everything about RUN on one HTML page: graph, timeline, values, metrics, plots, artifacts to look at.

    The page needs nothing else and asks no network. Several runs are compared on it as well. Artifacts above 2 MiB, and
    those that may not be read, are named instead of shown.

    \b
    Examples:
      levada report flowers-1 -O report.html
      levada report flowers-1 flowers-2 --local
    """  # noqa: D301
    from levada.report.page import report as page  # noqa: PLC0415

    with where.open() as found:
        text = page([_subject(found, run) for run in dict.fromkeys(runs)])
    Path(target).write_text(text, encoding="utf-8")
    echo(target)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@json_output
@where_options
def compare(runs: tuple[str, ...], output: str | None, where: Where) -> None:
    """Show runs side by side: parameters, outputs, metrics and durations; what differs is marked.

    \b
    Examples:
      levada compare flowers-1 flowers-2
      levada compare flowers-1 flowers-2 flowers-3 -o json

    Durations are marked when they differ by a second and by a fifth.
    """  # noqa: D301
    if len(runs) < 2:  # noqa: PLR2004
        raise CommandError("it takes two runs to compare")
    from levada.report.compare import compare as side_by_side  # noqa: PLC0415

    with where.open() as found:
        comparison = side_by_side([found.read(run) for run in runs])
    if output == "json":
        echo(json.dumps(comparison.document(), ensure_ascii=False, indent=2))
    else:
        _print(comparison)


def _subject(runs: "Runs", name: str) -> "Subject":
    from levada.report.page import Subject  # noqa: PLC0415

    record = runs.read(name)
    try:
        graph = runs.graph(name)
    except CommandError as error:  # a run that still waits for its pipeline has none
        echo(f"{name}: without a graph: {error.message}", err=True)
        graph = None
    return Subject(record, graph, _Reader(runs))


class _Reader:
    """Reads artifacts; opens the store with the first, and says once why it cannot."""

    def __init__(self, runs: "Runs") -> None:
        self._runs = runs
        self._stores: Any = None

    def __call__(self, uri: str, limit: int) -> bytes:
        from levada.store.errors import StoreDeniedError  # noqa: PLC0415
        from levada.store.objects import get_bytes  # noqa: PLC0415

        if self._stores is None:
            try:
                self._stores = self._runs.stores()
            except CommandError as error:
                self._stores = error
                echo(f"levada: artifacts are not embedded: {error.message}", err=True)
        if isinstance(self._stores, CommandError):
            raise StoreDeniedError(self._stores.message)
        return get_bytes(self._stores, uri, limit)


def _print(comparison: "Comparison") -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from levada.cli.run_table import Output, shown  # noqa: PLC0415
    from levada.report.times import in_words  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in ("", "", *comparison.names):
        table.add_column(Text(column), overflow="fold")
    for title, rows in comparison.sections():
        table.add_row(Text(title.upper(), style="bold"))
        for row in rows:
            texts = [in_words(value) if title == "durations" else _text(value, shown) for value in row.values]
            style = "yellow" if row.differs else ""
            table.add_row(Text(row.name), "≠" if row.differs else "", *(Text(text, style=style) for text in texts))
    Output().print(table)


def _text(value: Any, shown: Any) -> str:
    return "-" if value is None else str(shown(value))
