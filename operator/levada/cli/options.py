"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

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
