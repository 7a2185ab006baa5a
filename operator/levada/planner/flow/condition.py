"""Whether a task whose inputs are there runs at all (`when`)."""

from __future__ import annotations

from collections.abc import Mapping

from levada.graph.conditions import ConditionError, holds, shown
from levada.graph.model import Datum
from levada.planner import reasons
from levada.planner.nodes import Node, Phase


def decide(node: Node, inputs: Mapping[str, Datum]) -> Phase | None:
    """None where the condition of `node` holds; else the phase in which it ends, its reason noted."""
    condition = node.task.when or ""
    try:
        if holds(condition, inputs):
            return None
    except ConditionError as error:
        node.reason, node.message = reasons.INVALID_CONDITION, str(error)
        return Phase.FAILED
    values = shown(condition, inputs)
    node.reason = reasons.CONDITION_FALSE
    node.message = f"{condition!r} is false" + (f": {values}" if values else "")
    return Phase.SKIPPED
