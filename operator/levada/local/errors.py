"""Why a local run cannot start or go on: one class per reason, with the exit code of the command line."""

from __future__ import annotations

from typing import ClassVar


class LocalError(Exception):
    """Anything that this package reports; the text is a sentence for people, `exit_code` is for the shell."""

    exit_code: ClassVar[int] = 2


class NoSuchRunError(LocalError):
    """There is no local run of that name."""


class NoSuchTaskError(LocalError):
    """The run has no task of that path, or the task has printed nothing yet."""


class RunInUseError(LocalError):
    """Another process is running this run already."""


class RunDiffersError(LocalError):
    """There is a run of that name with another definition or other parameters."""


class UnfinishedError(LocalError):
    """The run that is to be run again is not over."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the local run {name!r} is not over: wait for its end, or let it go on "
            f"(`levada run --local` with --name {name}), before you run it again"
        )


class NotPossibleHereError(LocalError):
    """The run needs what this machine cannot give: a Secret, an image's entrypoint, a runner that is not installed."""


class FolderError(LocalError):
    """The folder of state cannot be read or written, or the disk is full."""

    exit_code = 4


class StarterLostError(LocalError):
    """The process that starts tasks is gone."""

    exit_code = 4
