"""`levada logs`: what tasks printed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from levada.cli.echo import copy_log, echo
from levada.cli.failures import explain
from levada.cli.options import where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.runs import Runs


@click.command()
@click.argument("run")
@click.argument("task", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the task, or the run, is over.")
@where_options
def logs(run: str, task: str | None, follow: bool, where: Where) -> None:  # noqa: FBT001  # a flag of the command line
    """Print the log of TASK, or of all tasks of RUN one after another in the order they started.

    In a cluster the log is its Pod's. Of a failed task whose Pod is gone the store has the end; everything else is
    with the cluster's own log stack, and the command says so.

    \b
    Examples:
      levada logs flowers-1 train -f
      levada logs flowers-1 --local
    """  # noqa: D301
    with where.open() as runs:
        if task is not None:
            copy_log(runs.log(run, task, follow=follow))
            return
        for path in _started(runs, run, follow=follow):
            echo(f"==> {path} <==", err=True)
            try:
                copy_log(runs.log(run, path, follow=follow))
            except Exception as error:  # the next task may have one
                if (explained := explain(error)) is None:
                    raise
                explained.show()


def _started(runs: "Runs", run: str, *, follow: bool) -> Iterator[str]:
    """The paths of tasks that have started and may have a log, each once; with `follow` until the run is over."""
    from levada.planner.no_log import may_print  # noqa: PLC0415

    seen: set[str] = set()
    for view in runs.follow(run) if follow else [runs.read(run)]:
        tasks = {task["path"]: task for task in view["tasks"] if task["startTime"] and task["path"] not in seen}
        begun = [task for path, task in tasks.items() if may_print(path, tasks)]
        for task in sorted(begun, key=lambda task: task["startTime"]):
            seen.add(task["path"])
            yield task["path"]
