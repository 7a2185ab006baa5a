"""`levada approve`: says to a task that waits for it whether the run may pass."""

import json

import click

from levada.cli.echo import echo
from levada.cli.options import json_output, where_options
from levada.cli.where import Where


@click.command()
@click.argument("run")
@click.argument("task")
@click.option("--reject", is_flag=True, help="The run may not pass: the task fails.")
@click.option("-m", "--message", default="", metavar="TEXT", help="Why; it stands in the run's status.")
@json_output
@where_options
def approve(  # one for each option
    run: str,
    task: str,
    reject: bool,  # noqa: FBT001
    message: str,
    output: str | None,
    where: Where,
) -> None:
    """Let RUN pass TASK, a task that waits for an approval, or refuse it with --reject.

    It is said in your own name, and cannot be changed or taken back. A task that the run has not come to yet may be
    approved too.

    \b
    Examples:
      levada approve flowers-1 deploy
      levada approve flowers-1 'sweep[3].check' --reject -m "the accuracy is too low"
      levada approve flowers-1 deploy --local         in another terminal than the run's

    Ends with 0 if that was said, with 2 if there is no such run or task, or it is decided already, with 4 if the
    cluster cannot be reached.
    """  # noqa: D301
    from levada.cli.approving import answer, word  # noqa: PLC0415

    with where.open() as runs:
        author = answer(runs, run, task, message, is_approved=not reject)
        if output == "json":
            echo(json.dumps(runs.read(run), ensure_ascii=False, indent=2))
    echo(f"run {run}: {task} is {word(not reject)} by {author}", err=output == "json")
