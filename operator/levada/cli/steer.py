"""`levada cancel`, `suspend` and `resume`: what may be said to a run that has begun."""

import json
from typing import TYPE_CHECKING

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError
from levada.cli.options import json_output, where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.run_view import View
    from levada.cli.steering import Verb

wait_option = click.option("--wait", is_flag=True, help="Come back only when it has come to that.")


@click.command()
@click.argument("run")
@wait_option
@json_output
@where_options
def cancel(run: str, wait: bool, output: str | None, where: Where) -> None:  # noqa: FBT001  # a flag of the command line
    """Stop RUN for good: running tasks end within their grace, no other starts.

    It cannot be taken back. To go on later, use `levada suspend`.

    \b
    Examples:
      levada cancel flowers-1
      levada cancel flowers-1 -n research --wait

    Ends with 0 if that was said (with --wait: if the run ended Cancelled), with 2 if there is no such run or it is
    over, with 4 if the cluster cannot be reached.
    """  # noqa: D301
    _steer(run, "cancel", where, wait=wait, as_json=output == "json")


@click.command()
@click.argument("run")
@wait_option
@json_output
@where_options
def suspend(run: str, wait: bool, output: str | None, where: Where) -> None:  # noqa: FBT001  # a flag of the command line
    """Let the running tasks of RUN end and start no more, until `levada resume`.

    \b
    Examples:
      levada suspend flowers-1
      levada suspend flowers-1 -n research --wait    until nothing of it runs any more

    Ends with 0 if that was said, with 2 if there is no such run or it is over, with 4 if the cluster cannot be reached.
    """  # noqa: D301
    _steer(run, "suspend", where, wait=wait, as_json=output == "json")


@click.command()
@click.argument("run")
@wait_option
@json_output
@where_options
def resume(run: str, wait: bool, output: str | None, where: Where) -> None:  # noqa: FBT001  # a flag of the command line
    """Let RUN go on that `levada suspend`, or its own spec, holds.

    \b
    Examples:
      levada resume flowers-1
      levada resume flowers-1 && levada watch flowers-1

    Ends with 0 if that was said, with 2 if there is no such run or it is over, with 4 if the cluster cannot be reached.
    """  # noqa: D301
    _steer(run, "resume", where, wait=wait, as_json=output == "json")


_HERE = {
    "cancel": "Ctrl-C stops the command that runs it, and with it the run",
    "suspend": "Ctrl-C stops the command that runs it; the same command with --name {run} goes on with it",
    "resume": "`levada run --local FILE... --name {run}` goes on with it",
}
"""What does the same on this machine."""


def _steer(run: str, verb: "Verb", where: Where, *, wait: bool, as_json: bool) -> None:
    if where.local:
        raise CommandError(f"{verb} is for runs in a cluster; on this machine {_HERE[verb].format(run=run)}")
    from levada.cli.steering import steer, until_done  # noqa: PLC0415

    with where.cluster() as runs:
        said = runs.connection.ask(steer(runs.connection.api, runs.namespace, run, verb))
        if not as_json or wait:
            echo(f"run {run}: {said}", err=as_json)
        if not (as_json or wait):
            return
        view = until_done(runs.follow(run), verb) if wait else runs.read(run)
    _print(view, as_json=as_json)


def _print(view: "View", *, as_json: bool) -> None:
    if as_json:
        echo(json.dumps(view, ensure_ascii=False, indent=2))
    else:
        echo(f"run {view['name']}: {view['phase']}")
