"""How a group of tasks ends once the last of them has."""

from __future__ import annotations

from levada.graph.model import ABSENT, Datum
from levada.planner.nodes import Group, Phase, UnavailableError


def end_of(group: Group) -> Phase:
    """The phase of a group whose children have all ended: the worst of theirs."""
    phases = {child.phase for child in group.children.values()}
    return next((phase for phase in (Phase.FAILED, Phase.CANCELLED) if phase in phases), Phase.SUCCEEDED)


def outputs_of(group: Group) -> dict[str, Datum]:
    """The outputs of a group that has ended, without those that nobody made."""
    outputs: dict[str, Datum] = {}
    for name, binding in group.graph.outputs.items():
        try:
            outputs[name] = group.value(binding)
        except UnavailableError:
            continue
    return {name: datum for name, datum in outputs.items() if datum is not ABSENT}
