"""`levada rerun`: a new run that takes over what is still right of an earlier one."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from levada.cli.exits import CommandError, exit_of
from levada.cli.options import json_output, where_options
from levada.cli.run import print_ended, run_in_cluster
from levada.cli.run_view import FINAL
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.checking import Given

_OF_THAT_RUN = ("suspend", "cancel", "approvals", "rerunOf")
"""What was said to the earlier run, and not of what it does."""


@click.command()
@click.argument("run")
@click.option("-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Change a parameter.")
@click.option("--name", metavar="NAME", help="Name of the new run, instead of RUN and five characters.")
@click.option("--detach", is_flag=True, help="Start it and return at once (in a cluster).")
@json_output
@where_options
@click.pass_context
def rerun(  # one for each option
    context: click.Context,
    run: str,
    parameters: tuple[str, ...],
    name: str | None,
    detach: bool,  # noqa: FBT001
    output: str | None,
    where: Where,
) -> None:
    """Start a new run of what RUN ran, and take over its results where the work is the same.

    RUN must be over. A task is taken over if its component and all its inputs are what they were; it is Cached then.
    In a cluster the Pipeline and Components that RUN refers to count as they are now; on this machine as they were.

    \b
    Examples:
      levada rerun flowers-1                  what failed, and what follows from it
      levada rerun flowers-1 -p epochs=20     what depends on epochs as well
      levada rerun flowers-1 --local --name flowers-2

    Ends as `levada run`.
    """  # noqa: D301
    as_json = output == "json"
    if where.local:
        from levada.cli.local_start import run_here  # noqa: PLC0415

        view = run_here(
            _here(run), name, parameters, namespace=None, parallelism=None, runner="process", as_json=as_json
        )
        detach = False
    else:
        given = _in_cluster(run, where)
        view = run_in_cluster(given, name, parameters, None, where, detach=detach, as_json=as_json)
    print_ended(view, detach=detach, as_json=as_json)
    context.exit(0 if detach else exit_of(view["phase"], view["reason"]))


def _here(name: str) -> "Given":
    from levada.local.runs import LocalRuns  # noqa: PLC0415

    earlier = LocalRuns().definition(name)
    objects = [_object("Pipeline", key, earlier.namespace, spec) for key, spec in earlier.pipelines.items()]
    objects += [_object("Component", key, earlier.namespace, spec) for key, spec in earlier.components.items()]
    return _given(name, [_again(name, earlier.namespace, earlier.run), *objects])


def _in_cluster(name: str, where: Where) -> "Given":
    from levada.cli.run_record import read_object  # noqa: PLC0415

    with where.cluster() as runs:
        earlier = runs.connection.ask(read_object(runs.connection.api, runs.namespace, name))
    if (phase := earlier.get("status", {}).get("phase", "Pending")) not in FINAL:
        raise CommandError(
            f"the run {name!r} is not over, it is {phase}: wait for its end or cancel it, then run it again"
        )
    return _given(name, [_again(name, earlier["metadata"]["namespace"], earlier["spec"])])


def _again(name: str, namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The new run as an object."""
    kept = {key: value for key, value in spec.items() if key not in _OF_THAT_RUN}
    again = _object("PipelineRun", name, namespace, kept | {"rerunOf": {"name": name}})
    del again["metadata"]["name"]
    again["metadata"]["generateName"] = f"{name}-"
    return again


def _object(kind: str, name: str, namespace: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    from levada.api.base import API_VERSION  # noqa: PLC0415

    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _given(name: str, objects: list[dict[str, Any]]) -> "Given":
    from levada.cli.checking import Given  # noqa: PLC0415
    from levada.cli.files import Source  # noqa: PLC0415

    given = Given([name])
    given.take(Source(name, json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()))
    return given
