"""Bindings of the graph as people write them."""

from typing import Any

from levada.frontend.loops import DEFAULT_NAME
from levada.graph.model import (
    Binding,
    Collect,
    Compose,
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

Spec = dict[str, Any]


def binding_spec(binding: Binding) -> Spec:
    """The binding that `read_binding` reads as `binding`."""
    if isinstance(binding, Literal):
        return {"value": binding.value}
    if isinstance(binding, Parameter):
        return {"parameter": binding.name}
    if isinstance(binding, Item):
        return {"item": ".".join((DEFAULT_NAME, *binding.path))}
    if isinstance(binding, RunFact):
        return {"run": binding.fact}
    if isinstance(binding, FinalStatus):
        return {"status": binding.task}
    if isinstance(binding, External):
        return {"uri": binding.uri}
    if isinstance(binding, TaskOutput):
        at = {} if binding.at is None else {"at": binding_spec(binding.at)}
        return {"task": binding.task, "output": binding.output} | at
    if isinstance(binding, Collect):
        missing = {} if binding.missing == "Fail" else {"missing": binding.missing}
        return {"collect": {"task": binding.task, "output": binding.output} | missing}
    return _of_others(binding)


def _of_others(binding: OneOf | Text | Field | Compose) -> Spec:
    """A binding that is made of others."""
    if isinstance(binding, OneOf):
        return {"oneOf": [binding_spec(choice) for choice in binding.choices]}
    if isinstance(binding, Text):
        return {"concat": [part if isinstance(part, str) else binding_spec(part) for part in binding.parts]}
    if isinstance(binding, Field):
        return binding_spec(binding.of) | {"path": ".".join(binding.path)}
    return _within(binding.shape)


def _within(shape: Any) -> Spec:
    """A binding for what stands in a List or Dict with bindings in it."""
    if isinstance(shape, Binding):
        return binding_spec(shape)
    if isinstance(shape, dict):
        return {"dict": {name: _within(inside) for name, inside in shape.items()}}
    if isinstance(shape, list):
        return {"list": [_within(inside) for inside in shape]}
    return {"value": shape}
