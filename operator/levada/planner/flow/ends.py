"""How a group of tasks ends once the last of them has."""

from __future__ import annotations

from levada.graph.model import ABSENT, Datum
from levada.planner.nodes import Group, Node, Phase, UnavailableError


def end_of(group: Group) -> Phase:
    """The phase of a group whose children have all ended: the worst of theirs."""
    phases = {child.phase for child in group.children.values() if not _is_tolerated_failure(child)}
    return next((phase for phase in (Phase.FAILED, Phase.CANCELLED) if phase in phases), Phase.SUCCEEDED)


def fails_the_run(node: Node) -> bool:
    """Whether the failure of `node` makes the run fail: neither it nor a graph around it is to be tolerated."""
    current: Node | None = node
    while current is not None:
        if current.task.is_tolerated:
            return False
        current = current.scope
    return True


def _is_tolerated_failure(node: Node) -> bool:
    return node.phase is Phase.FAILED and node.task.is_tolerated


def outputs_of(group: Group) -> dict[str, Datum]:
    """The outputs of a group that has ended, without those that nobody made."""
    outputs: dict[str, Datum] = {}
    for name, binding in group.graph.outputs.items():
        try:
            outputs[name] = group.value(binding)
        except UnavailableError:
            continue
    return {name: datum for name, datum in outputs.items() if datum is not ABSENT}
