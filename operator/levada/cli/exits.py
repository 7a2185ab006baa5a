"""Exit codes, and errors that a person reads: one sentence on stderr, never a traceback."""

from enum import IntEnum
from typing import IO, Any

import click


class Exit(IntEnum):
    """What an exit code says."""

    OK = 0
    RUN_FAILED = 1
    INVALID = 2
    CANCELLED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


class CommandError(click.ClickException):
    """Ends the command with a sentence on stderr and the exit code `code`."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence."""
        click.echo(f"levada: {self.format_message()}", file=file, err=file is None)
