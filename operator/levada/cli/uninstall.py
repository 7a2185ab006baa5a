"""`levada uninstall`: makes sure that nothing stays stuck once the operator is gone."""

import sys

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError, Exit
from levada.cli.options import cluster_options


@click.command()
@click.option("--namespace", "-n", default="levada-system", show_default=True, help="Namespace of the operator.")
@click.option("--delete-crds", is_flag=True, help="Delete the kinds too, and with them every run and its Pods.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--timeout", default=180, show_default=True, metavar="SECONDS", help="How long the operator may take to end."
)
@cluster_options
def uninstall(  # one for each option
    namespace: str,
    delete_crds: bool,  # noqa: FBT001
    yes: bool,  # noqa: FBT001
    timeout: int,
    kubeconfig: str | None,
    context: str | None,
) -> None:
    """Stop the operator and release all Pods that it holds.

    The operator keeps finished Pods with a finalizer until their results are recorded. Without the operator nobody
    would take it off, and Pods and namespaces could not be deleted. Components, Pipelines and runs stay, unless
    --delete-crds is given.

    \b
    Examples:
      levada uninstall && helm uninstall levada -n levada-system
      levada uninstall --yes --delete-crds
    """  # noqa: D301
    from levada.cli.cluster import with_cluster  # noqa: PLC0415
    from levada.cli.removal import Removal  # noqa: PLC0415

    if not yes:
        _confirm(namespace, delete_crds=delete_crds)
    released = with_cluster(
        lambda api: Removal(api, namespace, timeout, _say).run(delete_crds=delete_crds), kubeconfig, context
    )
    _say(f"done: {released} Pods released")


def _confirm(namespace: str, *, delete_crds: bool) -> None:
    what = f"stop the operator in {namespace}" + (" and delete every run in the cluster" if delete_crds else "")
    if not sys.stdin.isatty():
        raise CommandError(f"this would {what}: say --yes", Exit.INVALID)
    click.confirm(f"This will {what}. Go on?", abort=True, err=True)


def _say(message: str) -> None:
    echo(message, err=True)
