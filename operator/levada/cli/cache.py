"""`levada cache`: what earlier runs have left to be used again."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError
from levada.cli.options import json_output, where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.store.cache import ResultCache


class Age(click.ParamType[timedelta]):
    """A length of time such as `7d` or `12h`."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The time; anything else is refused."""
        from levada.api.fields import DURATION, seconds  # noqa: PLC0415

        if not value or not re.match(DURATION, value):
            self.fail(f"{value!r} is no length of time: write it as 7d, 12h or 1d12h", param, ctx)
        return timedelta(seconds=seconds(value))


@click.group()
def cache() -> None:
    """Look at what the tasks of earlier runs left in the cache, or remove it.

    \b
    Examples:
      levada cache list -n research
      levada cache prune --older-than 7d -n research
    """  # noqa: D301


@cache.command("list")
@json_output
@where_options
def list_(output: str | None, where: Where) -> None:
    """List the entries of the namespace's cache, the newest first.

    \b
    Examples:
      levada cache list
      levada cache list --local -o json | jq -r '.[].key'

    In a cluster it takes the right to read the namespace's store settings (the role `edit` has it, `view` has not).
    """  # noqa: D301
    with _opened(where) as entries:
        found = sorted(entries.entries(), key=lambda entry: entry.made, reverse=True)
    if output == "json":
        names = ("run", "path", "made", "outputs")
        shown = [{"key": entry.work.key} | {name: getattr(entry, name) for name in names} for entry in found]
        echo(json.dumps(shown, ensure_ascii=False, indent=2, default=_time))
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from levada.cli.run_table import Output  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in ("RUN", "TASK", "MADE", "OUTPUTS", "KEY"):
        table.add_column(column, overflow="fold")
    for entry in found:
        short = entry.work.key.partition(":")[2][:12]
        table.add_row(*map(Text, (entry.run, entry.path, _time(entry.made), ", ".join(entry.outputs), short)))
    Output().print(table if found else Text("the cache is empty"))


@cache.command()
@click.option("--older-than", "age", type=Age(), metavar="AGE", help="Only entries older than this, such as 7d or 12h.")
@json_output
@where_options
def prune(age: timedelta | None, output: str | None, where: Where) -> None:
    """Remove entries from the namespace's cache: all of them, or the old ones.

    The artifacts stay where they are, with the runs that made them.

    \b
    Examples:
      levada cache prune --older-than 7d
      levada cache prune --local

    In a cluster it takes the right to read the namespace's store settings (the role `edit` has it, `view` has not).
    """  # noqa: D301
    with _opened(where) as entries:
        removed = entries.prune(datetime.now(UTC) - age if age is not None else None)
    if output == "json":
        echo(json.dumps({"removed": removed}))
    else:
        word = "entry" if removed == 1 else "entries"
        echo(f"{removed} {word} removed")


@contextmanager
def _opened(where: Where) -> "Iterator[ResultCache]":
    """The cache of the place that the command names."""
    from levada.store.cache import ResultCache  # noqa: PLC0415

    with where.open() as runs:
        stores, namespace = runs.stores(), where.namespace or runs.namespace
        if stores.url is None:
            raise CommandError(f"the namespace {namespace} has no store, so it has no cache either")
        yield ResultCache(stores, stores.url, namespace)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
