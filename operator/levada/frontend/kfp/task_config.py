"""Settings of its Pod that a component asks to be told (`dsl.TaskConfig`), for work that it starts somewhere else.

Kubeflow hands over what the document says of the task; the Pod itself has a setting only where `applyToTask` says so.
What a run's `podTemplate` says is for this cluster, and is not handed on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from levada.frontend.kfp import ir
from levada.frontend.kfp.platform import has_bindings
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import ABSENT, Binding, Component, Compose, Literal
from levada.graph.placeholders import Reference

TYPE: Final = "TASK_CONFIG"
_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "RESOURCES": ("resources",),
    "ENV": ("env",),
    "KUBERNETES_AFFINITY": ("affinity",),
    "KUBERNETES_TOLERATIONS": ("tolerations",),
    "KUBERNETES_NODE_SELECTOR": ("nodeSelector",),
    "KUBERNETES_VOLUMES": ("volumes", "volumeMounts"),
}
"""What each field names, as it is called in a Pod."""
_FROM_AN_INPUT = "cannot be handed on: the name of the accelerator comes from an input; write it out"


@dataclass(frozen=True, slots=True)
class Told:
    """What a task runs, the options of its Pod and what it takes, once its component has been told."""

    body: Component
    options: dict[str, Any]
    bindings: dict[str, Binding]


def tell(  # all that a setting can be said in
    component: ir.Component,
    body: Component,
    options: Mapping[str, Any],
    bindings: Mapping[str, Binding],
    place: Path,
    mistakes: Mistakes,
) -> Told:
    """Hand the settings that `component` asks for to its inputs of type TASK_CONFIG; `place` is where it asks."""
    asked: dict[str, bool] = {}
    for index, wanted in enumerate(component.task_config_passthroughs):
        if wanted.field not in _SETTINGS:
            mistakes.add_unknown(place / index / "field", "field", str(wanted.field), _SETTINGS)
        asked |= dict.fromkeys(_SETTINGS.get(str(wanted.field), ()), wanted.apply_to_task)
    variables = [{"name": name, "value": value} for name, value in body.env.items()]
    said = {**options, "env": [*variables, *options.get("env", ())]}
    if "resources" in asked:
        said["resources"] = _resources(body, bindings, place, mistakes)
    config = {name: said[name] for name in asked if said.get(name)}
    value: Binding = Compose(config) if has_bindings(config) else Literal(config)
    apart = {name for name, is_applied in asked.items() if not is_applied}
    return Told(
        replace(body, env={} if "env" in apart else body.env, resources={} if "resources" in apart else body.resources),
        {name: option for name, option in options.items() if name not in apart},
        {**bindings, **dict.fromkeys(_inputs(component), value)},
    )


def _inputs(component: ir.Component) -> Iterator[str]:
    declared = component.input_definitions.parameters
    return (name for name, parameter in declared.items() if parameter.parameter_type == TYPE)


def _resources(body: Component, bindings: Mapping[str, Binding], place: Path, mistakes: Mistakes) -> dict[str, Any]:
    """What the container asks for, with the values of inputs in place of their names."""
    found: dict[str, Any] = {}
    for kind, quantities in body.resources.items():
        for name, quantity in quantities.items():
            if isinstance(name, Reference):
                mistakes.add(place, _FROM_AN_INPUT)
            elif isinstance(quantity, Reference):
                found.setdefault(kind, {})[name] = _value(body, quantity.name, bindings)
            else:
                found.setdefault(kind, {})[name] = quantity
    return found


def _value(body: Component, name: str, bindings: Mapping[str, Binding]) -> Any:
    default = body.inputs[name].default
    return bindings.get(name, None if default is ABSENT else default)
