"""Exit codes, and errors that a person reads: sentences on stderr, never a traceback."""

import json
from collections.abc import Sequence
from enum import IntEnum
from typing import IO, TYPE_CHECKING, Any

import click

from levada.cli.echo import echo

if TYPE_CHECKING:  # pydantic would be loaded with it, which `levada --help` has no use for
    from levada.frontend.documents import Located


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

    def __init__(self, message: str, code: Exit = Exit.INVALID) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence."""
        echo(f"levada: {self.format_message()}", file=file, err=file is None)


class MistakesError(CommandError):
    """Ends the command with every mistake in some files: lines on stderr, or one JSON document on stdout."""

    def __init__(self, mistakes: "Sequence[Located]", *, as_json: bool) -> None:
        super().__init__(f"{count(len(mistakes), 'mistake')} found")
        self.mistakes = mistakes
        self.as_json = as_json

    def show(self, file: IO[Any] | None = None) -> None:
        """Print them."""
        if self.as_json:
            echo(errors_document(self.mistakes), file=file)
            return
        for mistake in self.mistakes:
            echo(str(mistake), file=file, err=file is None)
        echo(self.message, file=file, err=file is None)


def errors_document(mistakes: "Sequence[Located]") -> str:
    """The JSON document of some mistakes."""
    fields = ("file", "line", "path", "message", "suggestion")
    errors = [{name: getattr(mistake, name) for name in fields} for mistake in mistakes]
    return json.dumps({"errors": errors}, ensure_ascii=False, indent=2)


def count(number: int, word: str) -> str:
    """`1 mistake`, `2 mistakes`."""
    return f"{number} {word}" + ("s" if number != 1 else "")


def exit_of(phase: str, reason: str = "") -> Exit:
    """The exit code for a run that ended in `phase`."""
    if reason == "InvalidSpec":
        return Exit.INVALID
    return {"Succeeded": Exit.OK, "Cancelled": Exit.CANCELLED}.get(phase, Exit.RUN_FAILED)
