"""What a task whose predecessors have all ended is given, or why it never runs."""

from __future__ import annotations

from levada.graph.model import ABSENT, Datum
from levada.planner import reasons
from levada.planner.flow.condition import decide
from levada.planner.nodes import Node, Phase, UnavailableError


def bind(node: Node) -> Phase | None:
    """Resolve the inputs of `node`; or the phase in which it ends without running, its reason noted."""
    scope = node.scope
    assert scope is not None
    for edge in node.task.after:
        predecessor = scope.children[edge.task]
        if edge.require_success and not predecessor.phase.is_success:
            return _without(node, predecessor)
    declared_inputs = node.declared_inputs
    inputs: dict[str, Datum] = {name: declared.default for name, declared in declared_inputs.items()}
    for name, binding in node.task.inputs.items():
        declared = declared_inputs.get(name)  # None: only `when` looks at it
        try:
            datum = scope.value(binding)
        except UnavailableError as unavailable:
            if not _may_do_without(unavailable.producer) or not (declared and declared.may_be_absent):
                return _without(node, unavailable.producer)
        else:
            if datum is not ABSENT or declared is None:
                inputs[name] = datum
    node.inputs = {name: inputs[name] for name in declared_inputs}
    return decide(node, inputs) if node.task.when else None


def _may_do_without(producer: Node) -> bool:
    """Whether an input that has something else to fall back on may do so: not where a failure made the run fail."""
    tolerated = producer.phase is Phase.FAILED and producer.task.is_tolerated
    return producer.phase is Phase.SKIPPED or tolerated


def _without(node: Node, predecessor: Node) -> Phase:
    """Say of `node` that what it needs of `predecessor` will never be there."""
    if predecessor.phase is Phase.CANCELLED:
        node.reason, node.message = reasons.CANCELLED, f"{predecessor.path} was cancelled"
        return Phase.CANCELLED
    skipped = predecessor.phase is Phase.SKIPPED
    node.reason = reasons.UPSTREAM_SKIPPED if skipped else reasons.UPSTREAM_FAILED
    node.message = f"{predecessor.path} {'was skipped' if skipped else 'failed'}"
    return Phase.SKIPPED
