"""How a group of tasks ends once the last of them has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from levada.graph.model import ABSENT, Datum
from levada.planner import reasons
from levada.planner.flow.values import UnavailableError, UnusableError, value
from levada.planner.nodes import Group, Node, Phase, Scope


def end_of(members: Iterable[Node]) -> Phase:
    """The phase of a group whose members have all ended: the worst of theirs."""
    phases = {node.phase for node in members if not _is_tolerated_failure(node)}
    return next((phase for phase in (Phase.FAILED, Phase.CANCELLED) if phase in phases), Phase.SUCCEEDED)


def explain(group: Group, phase: Phase) -> None:
    """Say of a group that did not end well which of its members is to blame."""
    blamed = next((node for node in group.members() if node.phase is phase and not _is_tolerated_failure(node)), None)
    if phase is Phase.FAILED:
        group.reason, group.message = reasons.TASK_FAILED, f"{blamed.path} failed" if blamed else ""
    elif phase is Phase.CANCELLED:
        group.reason, group.message = reasons.CANCELLED, f"{blamed.path} was cancelled" if blamed else ""


def end_with_finals(scope: Scope) -> Phase:
    """The phase of a graph whose `finally` tasks have ended too: their failure does not hide another end."""
    state = scope.state or Phase.SUCCEEDED
    return end_of(scope.finals()) if state is Phase.SUCCEEDED else state


def fail_with(node: Node) -> Iterator[Scope]:
    """The graphs that the failure of `node` makes fail: those around it, up to where it is to be tolerated."""
    current = node
    while current.parent is not None and not current.task.is_tolerated:
        current = current.parent
        if isinstance(current, Scope):
            yield current


def outputs_of(scope: Scope) -> dict[str, Datum]:
    """The outputs of a graph that has ended, without those that nobody made."""
    outputs: dict[str, Datum] = {}
    for name, binding in scope.graph.outputs.items():
        try:
            outputs[name] = value(binding, scope)
        except (UnavailableError, UnusableError):
            continue
    return {name: datum for name, datum in outputs.items() if datum is not ABSENT}


def _is_tolerated_failure(node: Node) -> bool:
    return node.phase is Phase.FAILED and node.task.is_tolerated
