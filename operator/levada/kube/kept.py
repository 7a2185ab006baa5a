"""Reading what is kept of a run in the API server, which may have been changed by hand or by another version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from levada.planner.encoding import Row, decode_rows


class UnreadableError(ValueError):
    """Something of a run's record makes no sense."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into an `UnreadableError`.

    Parameters
    ----------
    what
        What is read, for people, such as `the ConfigMap train-graph`. Of its content nothing is told.
    """
    try:
        yield
    except Exception as error:
        text = "cannot be read: it was changed by hand, or by another version of Levada"
        raise UnreadableError(f"{what} {text}") from error


def rows_of(status: Mapping[str, Any]) -> list[Row]:
    """What a run's status records of each task that has begun. Raises UnreadableError."""
    with reading("what the run's status keeps of its tasks (taskStates)"):
        return decode_rows(status.get("taskStates", ""))
