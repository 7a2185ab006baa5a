"""Reads the conditions of tasks."""

from collections.abc import Mapping
from typing import Any

from levada.frontend.catalogue import UNKNOWN, Body
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.shape import mapping
from levada.graph.conditions import ConditionError, check_condition, names_in


def read_condition(raw: Mapping[str, Any], body: Body, path: Path, mistakes: Mistakes) -> str | None:
    """The `when` of a task, if it can be one; it may name inputs of what it runs and bindings of the task."""
    when = raw.get("when")
    if not isinstance(when, str) or not when:
        return None
    try:
        check_condition(when)
    except ConditionError as error:
        mistakes.add(path / "when", str(error))
        return None
    known = {*body.inputs, *mapping(raw.get("inputs"))}
    for name in names_in(when):
        if name not in known and body is not UNKNOWN:
            mistakes.add_unknown(path / "when", "input", name, known)
    return when
