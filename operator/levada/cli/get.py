"""`levada get` and `levada watch`: how a run stands."""

import json

import click

from levada.cli.echo import echo
from levada.cli.exits import exit_of
from levada.cli.options import json_output, where_options
from levada.cli.run import follow
from levada.cli.where import Where


@click.command()
@click.argument("run")
@json_output
@where_options
def get(run: str, output: str | None, where: Where) -> None:
    """Show how RUN stands: its phase, tasks and outputs.

    \b
    Examples:
      levada get flowers-1
      levada get flowers-1 -n research -o json | jq .outputs
      levada get flowers-1 --local

    Ends with 0 whatever the run's phase, with 2 if there is no such run, with 4 if the cluster cannot be reached.
    """  # noqa: D301
    with where.open() as runs:
        view = runs.read(run)
    if output == "json":
        echo(json.dumps(view, ensure_ascii=False, indent=2))
    else:
        from levada.cli.run_table import print_run  # noqa: PLC0415

        print_run(view)


@click.command()
@click.argument("run")
@json_output
@where_options
@click.pass_context
def watch(context: click.Context, run: str, output: str | None, where: Where) -> None:
    """Follow RUN to its end, as `levada run` does.

    \b
    Examples:
      levada watch flowers-1
      levada watch flowers-1 -n research -o json    the JSON document once the run is over

    Ends as `levada run`: 0 if the run succeeded, 1 if it failed, 3 if it was cancelled.
    """  # noqa: D301
    with where.open() as runs:
        view = follow(runs.follow(run), f"levada watch {run}")
    if output == "json":
        echo(json.dumps(view, ensure_ascii=False, indent=2))
    else:
        from levada.cli.run_table import print_run  # noqa: PLC0415

        print_run(view, tasks=False)
    context.exit(exit_of(view["phase"], view["reason"]))
