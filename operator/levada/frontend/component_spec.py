"""A component of the graph as the spec of a Component that means the same."""

from collections.abc import Mapping
from typing import Any

from levada.frontend.component import DEFAULT_OUTPUT_GRACE
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import ABSENT, Artifact, Component, Input
from levada.graph.placeholders import Argument, Concat, ExecutorInput, If, Reference

Spec = dict[str, Any]


def component_spec(component: Component, place: Path, mistakes: Mistakes) -> Spec:
    """The spec that `read_component` reads as `component`.

    Parameters
    ----------
    component
        As it was read from another language.
    place
        Where it stands there.
    mistakes
        Takes what no Component can say.
    """
    container: Spec = {"image": component.image if isinstance(component.image, str) else ""}
    if not isinstance(component.image, str):
        mistakes.add(place, "the image comes from an input: a Component names its image itself")
    container |= {
        field: [argument(item) for item in items]
        for field, items in (("command", component.command), ("args", component.args))
        if items
    }
    if component.env:
        container["env"] = {name: argument(value) for name, value in component.env.items()}
    if component.resources:
        container["resources"] = _resources(component.resources, place, mistakes)
    spec: Spec = {}
    if component.inputs:
        spec["inputs"] = [_input(item) for item in component.inputs.values()]
    if component.outputs:
        spec["outputs"] = [{"name": item.name, "type": item.type} for item in component.outputs.values()]
    spec["implementation"] = {"container": container}
    if component.convention != "Levada":
        spec["convention"] = component.convention
    if component.output_grace != DEFAULT_OUTPUT_GRACE:
        spec["outputGracePeriod"] = f"{component.output_grace}s"
    return spec if component.log_tail else spec | {"logTail": False}


def argument(value: Argument) -> Any:
    """An argument as `parse_argument` reads it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Reference):
        return {str(value.use): value.name if value.key is None else {"name": value.name, "key": value.key}}
    if isinstance(value, Concat):
        return {"concat": [argument(item) for item in value.items]}
    if isinstance(value, If):
        branches = {"then": [argument(item) for item in value.then]}
        if value.otherwise:
            branches["else"] = [argument(item) for item in value.otherwise]
        return {"if": {"cond": {"isPresent": value.input}, **branches}}
    assert isinstance(value, ExecutorInput)
    return {"executorInput": {}}


def _input(declared: Input) -> Spec:
    spec: Spec = {"name": declared.name}
    if declared.declared or not declared.is_parameter:
        spec["type"] = declared.type
    if declared.default is not ABSENT:
        spec["default"] = default_spec(declared.default)
    return spec | {"optional": True} if declared.is_optional else spec


def default_spec(value: Any) -> Any:
    """A default as `read_default_of` reads it."""
    if isinstance(value, Artifact):
        return {"uri": value.uri}
    return [default_spec(item) for item in value] if isinstance(value, tuple) else value


def _resources(resources: Mapping[str, Any], place: Path, mistakes: Mistakes) -> Spec:
    for kind, quantities in resources.items():
        for name, quantity in quantities.items():
            if not isinstance(name, str) or not isinstance(quantity, str):
                mistakes.add(place, f"the {kind} come from an input: a Component writes its resources out")
                return {}
    return {kind: dict(quantities) for kind, quantities in resources.items()}
