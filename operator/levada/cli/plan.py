"""`levada plan`: what a run would do, without doing any of it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from levada.cli.echo import echo
from levada.cli.exits import MistakesError
from levada.cli.options import json_output, where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.chosen import Chosen
    from levada.graph.model import Datum, Graph
    from levada.store.lookup import Finder


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@json_output
@where_options
def plan(files: tuple[str, ...], parameters: tuple[str, ...], output: str | None, where: Where) -> None:
    """Say which tasks would run, which would come from the cache, and why.

    Nothing is written and nothing is started. What depends on a task that would run is not known yet; it is said on
    which.

    \b
    Examples:
      levada plan run.yaml -p epochs=20
      levada plan --local pipeline.yaml components.yaml -o json | jq '.tasks[] | select(.action == "Run")'

    In a cluster it takes the right to read the namespace's store settings (the role `edit` has it, `view` has not).
    """  # noqa: D301
    from levada.cli.forecast import forecast  # noqa: PLC0415

    (graph, inputs), finder, name = _read(files, parameters, where, as_json=output == "json")
    tasks = forecast(graph, inputs, finder, name)
    if output == "json":
        echo(json.dumps({"name": name, "tasks": tasks}, ensure_ascii=False, indent=2))
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from levada.cli.run_table import Output  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in ("TASK", "ACTION", "WHY"):
        table.add_column(column, overflow="fold")
    for task in tasks:
        table.add_row(*map(Text, (task["path"], task["action"], task["reason"])))
    Output().print(table)


def _read(
    files: tuple[str, ...], parameters: tuple[str, ...], where: Where, *, as_json: bool
) -> "tuple[tuple[Graph, Mapping[str, Datum]], Finder, str]":
    """What the files hold, read and checked as `levada run` does, and where results are looked for."""
    from levada.cli.checking import read_files  # noqa: PLC0415
    from levada.cli.chosen import choose, with_parameters  # noqa: PLC0415
    from levada.store.lookup import Finder  # noqa: PLC0415

    given = read_files(files)
    if given.mistakes:
        raise MistakesError(given.check(), as_json=as_json)
    chosen = choose(given.objects, None)
    found: dict[str, dict[str, object]] = {}
    target = where if where.namespace or not chosen.run.namespace else where.within(chosen.run.namespace)
    with target.open() as runs:
        namespace = target.namespace or runs.namespace
        if not where.local:
            found = _look_up(chosen, target)
        chosen = with_parameters(chosen, parameters, found)
        objects = [*chosen.others, chosen.run]
        if mistakes := given.check(objects, found):
            raise MistakesError(mistakes, as_json=as_json)
        return _resolved(chosen, found), Finder(runs.stores(), namespace, chosen.run.name), chosen.run.name


def _look_up(chosen: "Chosen", target: Where) -> "dict[str, dict[str, object]]":
    """What the files do not hold and the cluster does."""
    from levada.cli.cluster_start import look_up  # noqa: PLC0415

    with target.cluster() as runs:
        found, _ = runs.connection.ask(look_up(runs.connection.api, runs.namespace, chosen))
    return {kind: dict(specs) for kind, specs in found.items()}


def _resolved(chosen: "Chosen", found: "dict[str, dict[str, object]]") -> "tuple[Graph, Mapping[str, Datum]]":
    from levada.frontend.native import build_run  # noqa: PLC0415

    def specs(kind: str) -> dict[str, object]:
        return {**found.get(kind, {}), **{item.name: item.spec for item in chosen.others if item.kind == kind}}

    return build_run(chosen.run.spec, specs("Pipeline"), specs("Component"))
