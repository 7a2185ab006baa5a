"""`levada run`: start a run and follow it to its end."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError, MistakesError, exit_of
from levada.cli.options import json_output, where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.checking import Given
    from levada.cli.run_view import View
    from levada.local.engine import Runner


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@click.option("--name", metavar="NAME", help="Name of the run, instead of the file's.")
@click.option("--detach", is_flag=True, help="Start it and return at once (in a cluster).")
@click.option(
    "--parallelism", type=click.IntRange(min=1), metavar="N", help="Tasks at once (with --local by default the cores)."
)
@click.option(
    "--runner",
    type=click.Choice(["process", "podman", "docker"]),
    help="What runs a task with --local: a plain process (default), or its image.",
)
@json_output
@where_options
@click.pass_context
def run(  # one for each option
    context: click.Context,
    files: tuple[str, ...],
    parameters: tuple[str, ...],
    name: str | None,
    detach: bool,  # noqa: FBT001
    parallelism: int | None,
    runner: "Runner | None",
    output: str | None,
    where: Where,
) -> None:
    """Run a pipeline and follow it to its end.

    FILE is a YAML or JSON file, a folder or - for stdin. Together they hold exactly one PipelineRun, or exactly one
    Pipeline, of which a run is made. Components and Pipelines in them are applied with it.

    \b
    Examples:
      levada run run.yaml                                  in the cluster of the kubeconfig
      levada run manifests/ -p epochs=20 --name flowers-2  with other parameters
      levada run --local pipeline.yaml components.yaml     as processes on this machine
      levada run run.yaml --detach -o json                 only start it

    Values of -p are read by the type that the pipeline declares: a String as it is, all others as JSON.

    Ends with 0 if the run succeeded, 1 if it failed, 2 if the input is invalid or refused, 3 if the run was cancelled,
    4 if the cluster or a store cannot be reached, 130 if interrupted.
    """  # noqa: D301
    from levada.cli.checking import read_files  # noqa: PLC0415

    if not where.local and runner:
        raise CommandError("--runner goes with --local: in a cluster tasks run in their images")
    if where.local and detach:
        raise CommandError("--detach does not go with --local: the command itself runs the tasks")
    given = read_files(files)
    if given.mistakes:
        raise MistakesError(given.check(), as_json=output == "json")
    if where.local:
        from levada.cli.local_start import run_here  # noqa: PLC0415

        view = run_here(
            given,
            name,
            parameters,
            namespace=where.namespace,
            parallelism=parallelism,
            runner=runner or "process",
            as_json=output == "json",
        )
    else:
        view = run_in_cluster(given, name, parameters, parallelism, where, detach=detach, as_json=output == "json")
    print_ended(view, detach=detach, as_json=output == "json")
    context.exit(0 if detach else exit_of(view["phase"], view["reason"]))


def run_in_cluster(  # the parts of the command line
    given: "Given",
    name: str | None,
    parameters: tuple[str, ...],
    parallelism: int | None,
    where: Where,
    *,
    detach: bool,
    as_json: bool,
) -> "View":
    """Start what the files hold and follow it, unless `detach`ed; how it stands then."""
    from levada.cli.chosen import choose, with_parallelism, with_parameters  # noqa: PLC0415
    from levada.cli.cluster_start import apply, look_up, other_namespaces  # noqa: PLC0415

    chosen = with_parallelism(choose(given.objects, name), parallelism)
    target = where if where.namespace or not chosen.run.namespace else where.within(chosen.run.namespace)
    with target.cluster() as runs:
        objects = given.in_namespace(runs.namespace)
        if elsewhere := other_namespaces(objects, runs.namespace):
            raise CommandError(f"the files name namespace {', '.join(elsewhere)}, but the run is in {runs.namespace}")
        api = runs.connection.api
        found, missing = runs.connection.ask(look_up(api, runs.namespace, chosen))
        chosen = with_parameters(chosen, parameters, found)
        for reference in missing:
            echo(f"{reference} does not exist yet: the run will wait for it", err=True)
        # What refers to things that do not exist yet cannot be judged: the operator will, when they do.
        if not missing and (mistakes := given.check([*chosen.others, chosen.run], found)):
            raise MistakesError(mistakes, as_json=as_json)
        runs.connection.ask(apply(api, runs.namespace, chosen))
        started = chosen.run.name
        if detach:
            return runs.read(started)
        echo(f"run {started} in namespace {runs.namespace}", err=True)
        return follow(runs.follow(started), f"levada watch {started} -n {runs.namespace}")


def follow(views: Iterator["View"], again: str) -> "View":
    """Follow a run that goes on by itself; who interrupts is told how to come back."""
    from levada.cli.progress import followed  # noqa: PLC0415

    try:
        return followed(views)
    except KeyboardInterrupt:
        echo(f"\nthe run goes on; `{again}` follows it again", err=True)
        raise


def print_ended(view: "View", *, detach: bool, as_json: bool) -> None:
    """Print how a run ended, or which one was started."""
    if as_json:
        echo(json.dumps(view, ensure_ascii=False, indent=2))
    elif detach:
        echo(view["name"])
    else:
        from levada.cli.run_table import print_run  # noqa: PLC0415

        print_run(view, tasks=False)
