"""Options that several commands share."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from levada.cli.where import Where

Command = TypeVar("Command", bound=Callable[..., Any])

json_output = click.option(
    "-o",
    "--output",
    "output",
    type=click.Choice(["json"]),
    help="Print one JSON document on stdout and nothing else.",
)


def cluster_options(command: Command) -> Command:
    """`--kubeconfig` and `--context`."""
    for option in (
        click.option("--context", metavar="NAME", help="Context of the kubeconfig, instead of the current one."),
        click.option("--kubeconfig", metavar="FILE", help="Kubeconfig, instead of KUBECONFIG or ~/.kube/config."),
    ):
        command = option(command)
    return command


def where_options(command: Callable[..., None]) -> Callable[..., None]:
    """`-n`, `--local` and those of `cluster_options`; the command gets them as one argument, `where`."""

    @functools.wraps(command)
    def with_where(  # one for each option
        *args: Any,
        namespace: str | None,
        local: bool,
        kubeconfig: str | None,
        context: str | None,
        **others: Any,
    ) -> None:
        command(*args, where=Where(namespace, local, kubeconfig, context), **others)

    wrapped = cluster_options(with_where)
    for option in (
        click.option("--local", is_flag=True, help="On this machine instead of in a cluster."),
        click.option("-n", "--namespace", metavar="NAME", help="Namespace, instead of the context's."),
    ):
        wrapped = option(wrapped)
    return wrapped
