"""What a task whose predecessors have all ended is given, or why it never runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from levada.api.limits import MOST_ITEMS
from levada.graph.model import ABSENT, Artifact, Binding, Datum, Input, uses_item
from levada.graph.types import STRING, ValueMismatchError, as_text, check_value, fits, natural_type
from levada.planner import reasons
from levada.planner.flow.condition import decide
from levada.planner.flow.options import options_of
from levada.planner.flow.values import UnavailableError, UnusableError, value
from levada.planner.nodes import Iterations, Node, Phase

_BECAME = {Phase.FAILED: "failed", Phase.CANCELLED: "was cancelled", Phase.SKIPPED: "was skipped"}


def bind(node: Node) -> Phase | None:
    """Resolve the inputs of `node`; or the phase in which it ends without running, its reason noted."""
    loop = node.parent if isinstance(node.parent, Iterations) else None
    if loop is None and (phase := _order(node)):
        return phase
    found = _data(node, loop.of_item if loop else node.task.inputs)
    if isinstance(found, Phase):
        return found
    given = {**(loop.shared if loop else {}), **found}
    declared_inputs = node.declared_inputs
    inputs: dict[str, Datum] = {name: declared.default for name, declared in declared_inputs.items()}
    inputs |= {name: datum for name, datum in given.items() if datum is not ABSENT or name not in declared_inputs}
    node.inputs = {name: inputs[name] for name in declared_inputs}
    for name, declared in declared_inputs.items():
        if inputs[name] is ABSENT and not declared.may_be_absent:
            return _fail(
                node, reasons.INPUT_MISSING, f"input {name!r} is required, and what it is bound to has no value"
            )
    phase = decide(node, inputs) if node.task.when else None
    return phase or (_bind_options(node) if node.task.bound_pod else None)


def _bind_options(node: Node) -> Phase | None:
    """Resolve what of the Pod's options comes from elsewhere."""
    try:
        node.options = options_of(node)
    except UnavailableError as unavailable:
        return _without(node, unavailable.producer)
    except UnusableError as error:
        return _fail(node, error.reason, f"options of its Pod: {error}")
    return None


def items_of(loop: Iterations) -> Sequence[Datum] | Phase:
    """The items of a loop whose predecessors have ended, and note what its iterations share; or how it ends."""
    assert loop.task.loop is not None
    assert loop.scope is not None
    if phase := _order(loop):
        return phase
    try:
        items = value(loop.task.loop.items, loop.scope)
    except UnavailableError as unavailable:
        return _without(loop, unavailable.producer)
    except UnusableError as error:
        return _fail(loop, error.reason, f"forEach: {error}")
    if items is ABSENT:
        items = []
    if not isinstance(items, list | tuple):
        return _fail(loop, reasons.INVALID_ITEM, f"forEach needs a list, not {as_text(items)[:100]}")
    if len(items) > MOST_ITEMS:
        return _fail(loop, reasons.TOO_MANY_ITEMS, f"{len(items):,} items; a loop has at most {MOST_ITEMS:,}")
    loop.of_item = {name: binding for name, binding in loop.task.inputs.items() if uses_item(binding)}
    shared = _data(loop, {name: binding for name, binding in loop.task.inputs.items() if name not in loop.of_item})
    if isinstance(shared, Phase):
        return shared
    loop.shared = shared
    return items


def _order(node: Node) -> Phase | None:
    """Whether `after` keeps the task from running."""
    assert node.scope is not None
    for edge in node.task.after:
        predecessor = node.scope.children[edge.task]
        if edge.require_success and not predecessor.phase.is_success:
            return _without(node, predecessor)
    return None


def _data(node: Node, bindings: Mapping[str, Binding]) -> dict[str, Datum] | Phase:
    """What the bindings stand for, without those that may do without; or the phase in which the task ends."""
    assert node.scope is not None
    found: dict[str, Datum] = {}
    for name, binding in bindings.items():
        declared = node.declared_inputs.get(name)  # None: only `when` looks at it
        try:
            datum = value(binding, node.scope, node.item)
            found[name] = _as_declared(declared, datum) if uses_item(binding) or _is_other(declared, datum) else datum
        except UnavailableError as unavailable:
            may_fall_back = declared is not None and declared.may_be_absent
            if not (may_fall_back and _may_do_without(node, unavailable.producer)):
                return _without(node, unavailable.producer)
        except UnusableError as error:
            return _fail(node, error.reason, f"input {name!r}: {error}")
    return found


def _is_other(declared: Input | None, datum: Datum) -> bool:
    """Whether a value is not of the type of its input: text that is wanted of it, or what nobody could check before."""
    if declared is None or not declared.is_parameter or datum is ABSENT:
        return False
    return isinstance(datum, Artifact | tuple) or not fits(natural_type(datum), declared.type)


def _as_declared(declared: Input | None, datum: Datum) -> Datum:
    """A value whose type nobody knew before, such as an item's field."""
    if declared is None or not declared.is_parameter or datum is ABSENT:
        return datum
    try:
        if declared.declared:
            return check_value(declared.type, datum)
        checked = check_value(natural_type(datum), datum)
        return as_text(checked) if declared.type == STRING else checked
    except (ValueMismatchError, StopIteration) as error:
        raise UnusableError(reasons.INVALID_ITEM, str(error) or "expected a value, found an artifact") from None


def _may_do_without(node: Node, producer: Node) -> bool:
    """Whether an input that has something else to fall back on may do so: not where a failure made the run fail."""
    tolerated = producer.phase is Phase.FAILED and producer.task.is_tolerated
    may = node.survives or node.task.falls_back
    return may or producer.phase is Phase.SKIPPED or producer.phase.is_success or tolerated


def _without(node: Node, predecessor: Node) -> Phase:
    """Say of `node` that what it needs of `predecessor` will never be there."""
    if predecessor.phase is Phase.CANCELLED and not node.survives:
        node.reason, node.message = reasons.CANCELLED, f"{predecessor.path} was cancelled"
        return Phase.CANCELLED
    is_failed = predecessor.phase is Phase.FAILED
    node.reason = reasons.UPSTREAM_FAILED if is_failed else reasons.UPSTREAM_SKIPPED
    node.message = f"{predecessor.path} {_BECAME.get(predecessor.phase, 'made no such output')}"
    return Phase.SKIPPED


def _fail(node: Node, reason: str, message: str) -> Phase:
    node.reason, node.message = reason, message
    return Phase.FAILED
