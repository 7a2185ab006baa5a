"""What a binding stands for, among the inputs and the tasks of a graph that runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from levada.graph.model import (
    ABSENT,
    Artifact,
    Binding,
    Collect,
    Compose,
    Datum,
    External,
    Field,
    FinalStatus,
    Item,
    Literal,
    OneOf,
    Parameter,
    RunFact,
    TaskOutput,
    Text,
)
from levada.graph.outputs import offered
from levada.graph.types import as_text
from levada.graph.workspace import FOLDER
from levada.planner import reasons
from levada.planner.flow.final_status import final_status
from levada.planner.nodes import Iterations, Node, Phase, Scope

MOST_FAILURES = 100
"""Failures that `{run: failures}` tells."""
LONGEST_MESSAGE = 500
"""Characters of each one's message."""


class UnavailableError(LookupError):
    """An output that a skipped or failed task never made; carries the producer."""

    def __init__(self, producer: Node) -> None:
        super().__init__(producer.path)
        self.producer = producer


class UnusableError(ValueError):
    """A binding that stands for nothing, by what is known at run time; `reason` and the text are for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def value(binding: Binding, scope: Scope, item: Datum = ABSENT) -> Datum:
    """What `binding` stands for in `scope`, in the iteration for `item`.

    Raises
    ------
    UnavailableError
        When it names the output of a task that ended without it.
    UnusableError
        When it names an item's field or an iteration that there is not, or collects what one iteration did not make.
    """
    if isinstance(binding, Literal):
        return ABSENT if binding.value is None else binding.value
    if isinstance(binding, Parameter):
        return scope.inputs.get(binding.name, ABSENT)
    if isinstance(binding, External | Text | Compose | Field):
        return _made(binding, scope, item)
    if isinstance(binding, FinalStatus):
        return final_status(scope.children[binding.task], scope.facts)
    if isinstance(binding, Item):
        return _reach(item, binding.path)
    if isinstance(binding, RunFact):
        return _fact(binding, scope)
    if isinstance(binding, OneOf):
        return _first(binding, scope, item)
    if isinstance(binding, Collect):
        return _collect(binding, scope)
    return _output(binding, scope, item)


def _made(binding: External | Text | Compose | Field, scope: Scope, item: Datum) -> Datum:
    """What is made of other values."""
    if isinstance(binding, Text):
        parts = [part if isinstance(part, str) else value(part, scope, item) for part in binding.parts]
        return "".join(as_text(_json(part)) for part in parts)
    if isinstance(binding, Compose):
        return _composed(binding.shape, scope, item)
    if isinstance(binding, Field):
        return _field(value(binding.of, scope, item), binding.path)
    uri = binding.uri if isinstance(binding.uri, str) else value(binding.uri, scope, item)
    if not isinstance(uri, str) or not uri:
        raise UnusableError(reasons.INVALID_URI, f"expected the URI of an artifact, found {_shown(uri)}")
    return Artifact(uri, type=binding.type, metadata=_composed(dict(binding.metadata), scope, item))


def _composed(shape: Any, scope: Scope, item: Datum) -> Any:
    if isinstance(shape, dict):
        return {name: _composed(inside, scope, item) for name, inside in shape.items()}
    if isinstance(shape, list):
        return [_composed(inside, scope, item) for inside in shape]
    if isinstance(shape, str | int | float) or shape is None:
        return shape
    return _json(value(shape, scope, item))


def _json(datum: Datum) -> Any:
    """A value inside another one: what is absent is null, an artifact its URI."""
    if isinstance(datum, tuple):
        return [_json(inside) for inside in datum]
    if isinstance(datum, Artifact):
        return datum.uri
    return None if datum is ABSENT else datum


def _field(of: Datum, path: tuple[str, ...]) -> Datum:
    """What `path` leads to in `of`, which may be JSON text."""
    if of is ABSENT or isinstance(of, Artifact | tuple):
        return of
    if isinstance(of, str):
        try:
            of = json.loads(of)
        except (ValueError, RecursionError):
            raise UnusableError(reasons.INVALID_ITEM, f"expected JSON, found {_shown(of)}") from None
    return _reach(of, path)


def _output(binding: TaskOutput, scope: Scope, item: Datum) -> Datum:
    producer = scope.children[binding.task]
    if isinstance(producer, Iterations):
        producer = _iteration(binding, producer, scope, item)
    if binding.output not in producer.outputs:
        raise UnavailableError(producer)
    return producer.outputs[binding.output]


def _iteration(binding: TaskOutput, loop: Iterations, scope: Scope, item: Datum) -> Node:
    assert binding.at is not None
    if not loop.phase.is_success and not loop.iterations:
        raise UnavailableError(loop)
    index = value(binding.at, scope, item)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(loop.iterations):
        count = len(loop.iterations)
        known = f"it has 0 to {count - 1}" if count else "it has none"
        raise UnusableError(reasons.INVALID_INDEX, f"{loop.path} has no iteration {_shown(index)}; {known}")
    return loop.iterations[index]


def _collect(binding: Collect, scope: Scope) -> Datum:
    loop = scope.children[binding.task]
    assert isinstance(loop, Iterations)
    is_rest_enough = scope.state is not None and loop.iterations and binding.missing != "Fail"
    if not loop.phase.is_success and not is_rest_enough:
        raise UnavailableError(loop)
    found: list[Datum] = []
    for node in loop.iterations:
        if binding.output in node.outputs:
            found.append(node.outputs[binding.output])
        elif binding.missing == "Fail":
            became = "was skipped" if node.phase is Phase.SKIPPED else "did not make it"
            raise UnusableError(
                reasons.ITEM_MISSING,
                f"{node.path} {became}, so there is no output {binding.output!r} to collect; "
                "`missing: Omit` leaves it out, `missing: Null` puts null in its place",
            )
        elif binding.missing == "Null":
            found.append(None)
    made = offered(loop.task.body).get(binding.output)
    return found if made is None or made.is_parameter else tuple(found)


def _first(binding: OneOf, scope: Scope, item: Datum) -> Datum:
    """Of exclusive branches the first that succeeded; where none did, a failure says more than a skip."""
    missing: list[Node] = []
    for choice in binding.choices:
        try:
            return _output(choice, scope, item)
        except UnavailableError as unavailable:
            missing.append(unavailable.producer)
    raise UnavailableError(next((node for node in missing if node.phase is not Phase.SKIPPED), missing[0]))


def _reach(item: Datum, path: tuple[str, ...]) -> Datum:
    """What `path` leads to in `item`."""
    current = item
    for depth, key in enumerate(path):
        if isinstance(current, Mapping) and key in current:
            current = current[key]
        elif isinstance(current, list | tuple) and key.isdecimal() and int(key) < len(current):
            current = current[int(key)]
        else:
            place = ".".join(path[: depth + 1])
            raise UnusableError(reasons.INVALID_ITEM, f"the item has no {place!r}: it is {_shown(item)}")
    return current


def _fact(binding: RunFact, scope: Scope) -> Datum:
    if binding.fact == "phase":
        return str(scope.state)
    if binding.fact == "failures":
        told = [(node.path, node.reason, node.message) for node in scope.failures[:MOST_FAILURES]]
        told += [("", scope.overrun.reason, scope.overrun.message)] if scope.overrun else []
        return [{"path": path, "reason": why, "message": text[:LONGEST_MESSAGE]} for path, why, text in told]
    return scope.facts.get(binding.fact, FOLDER if binding.fact == "workspace" else ABSENT)


def _shown(found: Any) -> str:
    text = repr(found) if not isinstance(found, Artifact) else f"the artifact {found.uri}"
    return text if len(text) <= 100 else text[:97] + "..."  # noqa: PLR2004
