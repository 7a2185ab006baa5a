"""Reading raw JSON that may have any shape.

The schema names what has the wrong shape; the other checks read what has the right one and pass over the rest, so that
one wrong field does not hide the mistakes of all the others.
"""

from collections.abc import Iterator
from typing import Any

from levada.frontend.mistakes import InvalidSpecError, Mistake, Path

MAX_DEPTH = 64
"""Levels of nesting; more than any real definition has, and less than Python's stack bears."""


def without_nulls(value: Any, path: Path, depth: int = MAX_DEPTH) -> Any:
    """`value` without null map entries, as the API server would keep it.

    Raises
    ------
    InvalidSpecError
        When `value` is nested too deeply to be read at all.
    """
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        raise InvalidSpecError([Mistake(path, f"is nested deeper than {MAX_DEPTH} levels")])
    if value == {"executorInput": None}:  # a placeholder, which Kubeflow's compiler spells so
        return {"executorInput": {}}
    if isinstance(value, list):
        return [without_nulls(item, path / index, depth - 1) for index, item in enumerate(value)]
    return {
        str(key): without_nulls(item, path / str(key), depth - 1) for key, item in value.items() if item is not None
    }


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is a map, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def named(value: Any) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The index, name and content of each map in the list `value` that has a name; of a name used twice the first."""
    seen: set[str] = set()
    for index, item in enumerate(sequence(value)):
        name = mapping(item).get("name")
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            yield index, name, item
