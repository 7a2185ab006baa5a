"""Kubeflow's container executors as components."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from levada.frontend.component import check_env_name
from levada.frontend.kfp import ir
from levada.frontend.kfp.placeholders import INPUT_VALUE, PLACEHOLDER, Arguments
from levada.frontend.kfp.types import read_inputs, read_outputs
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import Claim, Component, Deed, Input, Output
from levada.graph.placeholders import Reference, Use
from levada.graph.types import STRING

_QUANTITIES = (
    ("requests", "cpu", "cpu_request", "resource_cpu_request", ""),
    ("requests", "memory", "memory_request", "resource_memory_request", "G"),
    ("limits", "cpu", "cpu_limit", "resource_cpu_limit", ""),
    ("limits", "memory", "memory_limit", "resource_memory_limit", "G"),
)
"""Kind, resource, the older field with a number and its unit, the newer with a quantity."""
_CLAIMS: Mapping[str, Deed] = {"argostub/createpvc": "create", "argostub/deletepvc": "delete"}
"""Not images, but orders to Kubeflow's backend."""
_STORAGE_CLASS = Input("storage_class_name", STRING, is_parameter=True, is_optional=True, default="standard")
_QUANTITY = re.compile(r"[0-9.]+([eE][0-9]+|[numkMGTPE]|[KMGTPE]i)?")


def read_container(
    container: ir.Container,
    component: ir.Component,
    undeclared: Iterable[str],
    places: tuple[Path, Path],
    mistakes: Mistakes,
) -> Component | Claim:
    """What a container executor makes of a component: another component, or what is done to a claim.

    Parameters
    ----------
    container, component
        What runs, and what it takes and makes.
    undeclared
        Inputs that the task has and the component does not declare: placeholders may name them all the same.
    places
        Of the container and of the component.
    mistakes
        Takes what is wrong.
    """
    at, place = places
    inputs = read_inputs(component.input_definitions, place / "inputDefinitions", mistakes)
    outputs = read_outputs(component.output_definitions, place / "outputDefinitions", mistakes)
    named = set(_named(container))
    for name in undeclared:
        if name in named and name not in inputs:
            inputs[name] = Input(name, STRING, is_parameter=True, is_optional=True, declared=False)
    if deed := _CLAIMS.get(container.image.partition(":")[0]):
        return _claim(deed, inputs, outputs)
    if container.lifecycle:
        mistakes.add(at / "lifecycle", "hooks of a container's life are not supported; do it in the command")
    arguments = Arguments(inputs, outputs, mistakes)
    return Component(
        inputs=inputs,
        outputs=outputs,
        image=_field(container.image, inputs, at / "image", mistakes),
        command=tuple(arguments.read(text, at / "command" / i) for i, text in enumerate(container.command)),
        args=tuple(arguments.read(text, at / "args" / i) for i, text in enumerate(container.args)),
        env=_environment(container, at / "env", mistakes),
        resources=_resources(container.resources or ir.Resources(), inputs, at / "resources", mistakes),
        convention="Kubeflow",
    )


def _claim(deed: Deed, inputs: dict[str, Input], outputs: Mapping[str, Output]) -> Claim:
    """What is done to a claim. What its component declares as the default storage class counts for nothing."""
    if deed == "create":
        inputs[_STORAGE_CLASS.name] = _STORAGE_CLASS
    return Claim(deed, inputs, outputs)


def _environment(container: ir.Container, place: Path, mistakes: Mistakes) -> dict[str, str]:
    for index, variable in enumerate(container.env):
        check_env_name(variable.name, place / index / "name", mistakes)
    return {variable.name: variable.value for variable in container.env}


def _named(container: ir.Container) -> Iterator[str]:
    """The input parameters that the container's fields name."""
    resources = container.resources.model_dump(mode="json") if container.resources else {}
    texts = [container.image, *container.command, *container.args, *map(str, _flat(resources))]
    for text in texts:
        for match in PLACEHOLDER.finditer(text):
            if found := INPUT_VALUE.fullmatch(match[1]):
                yield found["name"]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inside in value.values():
            yield from _flat(inside)
    else:
        yield value


def _field(text: str, inputs: Mapping[str, Input], place: Path, mistakes: Mistakes) -> str | Reference:
    """A field of which a placeholder makes the whole value."""
    match = PLACEHOLDER.search(text)
    if match is None:
        return text
    found = INPUT_VALUE.fullmatch(match[1])
    if found is None:
        mistakes.add(place, f"{match[0]!r} cannot stand here: only {{{{$.inputs.parameters['name']}}}} can")
        return text
    if found["name"] not in inputs:
        mistakes.add_unknown(place, "input parameter", found["name"], inputs)
        return text
    return Reference(Use.INPUT_VALUE, found["name"])


def _resources(
    resources: ir.Resources, inputs: Mapping[str, Input], place: Path, mistakes: Mistakes
) -> dict[str, dict[str | Reference, str | Reference]]:
    found: dict[str, dict[str | Reference, str | Reference]] = {}
    for kind, resource, older, newer, unit in _QUANTITIES:
        text, number = getattr(resources, newer), getattr(resources, older)
        if text or number:
            found.setdefault(kind, {})[resource] = _quantity(text or f"{number:g}{unit}", inputs, place, mistakes)
    devices = resources.accelerator
    if devices is not None:
        name, count = devices.resource_type or devices.type, devices.resource_count or devices.count
        if name and str(count) not in ("", "0"):
            device = _field(name, inputs, place / "accelerator", mistakes)
            found.setdefault("limits", {})[device] = _quantity(str(count), inputs, place / "accelerator", mistakes)
    return found


def _quantity(text: str, inputs: Mapping[str, Input], place: Path, mistakes: Mistakes) -> str | Reference:
    found = _field(text, inputs, place, mistakes)
    if isinstance(found, str) and not PLACEHOLDER.search(found) and not _QUANTITY.fullmatch(found):
        mistakes.add(place, f"{found!r} is no quantity of Kubernetes, such as 500m or 2Gi")
    return found
