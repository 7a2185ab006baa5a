"""Runs on this machine."""

from levada.cli.exits import CommandError
from levada.cli.runs import Runs


def local_runs() -> Runs:
    """The runs in `.levada` of the working folder."""
    raise CommandError("--local is not supported yet")
