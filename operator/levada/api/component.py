"""Component: a reusable step. Its spec is the field's own component format."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from levada.api.base import Model, Resource
from levada.api.fields import Anything, Duration, Flag, NamedType, Text, ValueName
from levada.api.list_map import ListMap
from levada.api.resources import ResourceRequirements


class Input(Model):
    """A value or an artifact that a component takes."""

    name: ValueName
    """Name of the input, unique among the inputs."""

    type: NamedType | None = None
    """`String`, `Integer`, `Float`, `Boolean`, `List` and `Dict` are parameters (small values, checked);
    every other type, such as `Dataset` or `Model`, is an artifact (a file or a folder). A type may be a map
    with its details. Without a type the use decides: `inputValue` makes it a String."""

    description: Text | None = None
    """What the input is, for readers."""

    default: Any = None
    """Value if nothing is bound. Given as text it is read by the input's type."""

    optional: Flag = False
    """Whether the component also works without this input."""

    annotations: dict[str, Any] | None = None
    """Accepted from existing component files and ignored."""


class Output(Model):
    """A value or an artifact that a component makes."""

    name: ValueName
    """Name of the output, unique among the outputs."""

    type: NamedType | None = None
    """A parameter type (`String`, `Integer`, `Float`, `Boolean`, `List`, `Dict`) or an artifact type."""

    description: Text | None = None
    """What the output is, for readers."""

    annotations: dict[str, Any] | None = None
    """Accepted from existing component files and ignored."""


def _env_map(value: object) -> object:
    """Read a Pod's `[{name, value}]` as the map it means."""
    if not isinstance(value, list):
        return value
    env: dict[str, Any] = {}
    for index, entry in enumerate(value):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or entry.keys() - {"name", "value"}:
            raise PydanticCustomError(
                "env_entry", "env entry {index} must be a map with name and value", {"index": index}
            )
        if entry["name"] in env:
            raise PydanticCustomError("env_duplicate", "env has {name} twice", {"name": entry["name"]})
        env[entry["name"]] = entry.get("value", "")
    return env


class Container(Model):
    """The program of a component."""

    LOCATION = "container"

    image: Annotated[str, Field(min_length=1, max_length=1024)]
    """Container image."""

    command: Annotated[tuple[Any, ...], Field(max_length=1000)] = ()
    """Program and first arguments; strings and placeholders such as `{inputValue: x}` or `{outputPath: y}`.
    There is no string templating and `$(VAR)` is not expanded."""

    args: Annotated[tuple[Any, ...], Field(max_length=1000)] = ()
    """Arguments; strings and placeholders such as `{inputValue: x}`, `{inputPath: x}`, `{outputPath: y}`,
    `{concat: [...]}` or `{if: {cond: {isPresent: x}, then: [...], else: [...]}}`."""

    env: Annotated[dict[str, Any], BeforeValidator(_env_map), Anything] = Field(default_factory=dict)
    """Environment: a map from name to string or placeholder. A list of `{name, value}` is read too."""

    resources: ResourceRequirements | None = None
    """What the container needs and may use."""


class Implementation(Model):
    """How a component does its work."""

    LOCATION = "implementation"

    container: Container
    """The container that runs."""


class ComponentSpec(Model):
    """A step: typed inputs, typed outputs, a container. An existing `component.yaml` can be pasted in."""

    LOCATION = "component"

    name: Text | None = None
    """Accepted from existing component files and ignored: the object's own name counts."""

    metadata: dict[str, Any] | None = None
    """Accepted from existing component files and ignored."""

    description: Text | None = None
    """What the component does, for readers."""

    inputs: Annotated[tuple[Input, ...], ListMap("name"), Field(max_length=256)] = ()
    """Values and artifacts that the component takes."""

    outputs: Annotated[tuple[Output, ...], ListMap("name"), Field(max_length=256)] = ()
    """Values and artifacts that the component makes."""

    implementation: Implementation
    """How the component does its work."""

    convention: Literal["Levada", "Kubeflow"] | None = None
    """Where the container finds its inputs and leaves its outputs: at Levada's paths, or at Kubeflow's and in its
    output file. Without it the use decides: `Kubeflow` where an argument is `executorInput`,
    `inputArtifact` or `inputMetadata`."""

    output_grace_period: Duration = "120s"
    """How long the upload of outputs may take after the container has ended, such as `120s` or `1h`."""

    log_tail: Flag = True
    """Whether the last lines of a failed task's log are shown in the run's status."""


class Component(Resource):
    """A reusable step: typed inputs, typed outputs and a container."""

    kind: Literal["Component"] = "Component"
    """Always `Component`."""

    spec: ComponentSpec
    """What the step takes, makes and runs."""
