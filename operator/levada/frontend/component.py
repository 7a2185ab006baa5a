"""A Component's spec as the graph's component: types decided, placeholders parsed, every name looked up."""

from collections.abc import Iterator, Mapping
from typing import Any

from levada.api.component import ComponentSpec
from levada.api.fields import seconds
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.schema import check_schema
from levada.frontend.shape import mapping, named, sequence
from levada.graph.model import ABSENT, Artifact, Component, Convention, Datum, Input, Output
from levada.graph.placeholders import (
    Argument,
    PlaceholderError,
    Reference,
    Use,
    conditions,
    only_kubeflow_has,
    parse_argument,
    references,
)
from levada.graph.types import (
    STRING,
    ValueMismatchError,
    artifact_type,
    is_artifact,
    item_type,
    parameter_type,
    read_default,
)

RESERVED_ENV = "LEVADA_"
"""Environment variables with this prefix tell the task who it is; a component cannot set them."""

DEFAULT_OUTPUT_GRACE = 120


def load_component(spec: Any, path: Path, mistakes: Mistakes) -> Component:
    """`read_component` for a spec that no schema check has seen yet."""
    check_schema(ComponentSpec, spec, path, mistakes)
    return read_component(spec, path, mistakes)


def read_component(spec: Any, path: Path, mistakes: Mistakes) -> Component:
    """The component that `spec` describes; what is wrong is noted and left out.

    Parameters
    ----------
    spec
        The spec, without null entries. `mistakes` has its violations of the schema already.
    path
        Where it stands.
    mistakes
        Takes what is wrong.
    """
    spec = mapping(spec)
    container = mapping(mapping(spec.get("implementation")).get("container"))
    at = path / "implementation" / "container"
    command = list(_arguments(container, "command", at, mistakes))
    args = list(_arguments(container, "args", at, mistakes))
    env = {
        name: (place, argument) for name, place, argument in _environment(container.get("env"), at / "env", mistakes)
    }

    placed = [*command, *args, *env.values()]
    uses = _uses(placed)
    inputs = {
        name: _input(name, raw, uses.get((False, name), set()), path / "inputs" / index, mistakes)
        for index, name, raw in named(spec.get("inputs"))
    }
    outputs = {name: _output(name, raw) for _, name, raw in named(spec.get("outputs"))}
    for place, argument in placed:
        _check_references(argument, inputs, outputs, place, mistakes)
    convention = _convention(spec, placed, mistakes)
    if convention == "Levada":  # else the executor knows of every output by itself
        _check_written(spec, outputs, uses, path, mistakes)

    grace, log_tail = spec.get("outputGracePeriod"), spec.get("logTail")
    return Component(
        inputs=inputs,
        outputs=outputs,
        image=str(container.get("image", "")),
        command=tuple(argument for _, argument in command),
        args=tuple(argument for _, argument in args),
        env={name: argument for name, (_, argument) in env.items()},
        resources=mapping(container.get("resources")),
        output_grace=seconds(grace) if isinstance(grace, str) else DEFAULT_OUTPUT_GRACE,
        log_tail=log_tail is not False,
        convention=convention,
    )


Placed = tuple[Path, Argument]


def _arguments(container: Mapping[str, Any], field: str, at: Path, mistakes: Mistakes) -> Iterator[Placed]:
    for index, raw in enumerate(sequence(container.get(field))):
        yield from _argument(raw, at / field / index, mistakes)


def _environment(raw: Any, at: Path, mistakes: Mistakes) -> Iterator[tuple[str, Path, Argument]]:
    """Name, place and value of each variable; `raw` is a map or a Pod's list of `{name, value}`."""
    if isinstance(raw, list):
        entries = [(name, at / index / "value", item.get("value", "")) for index, name, item in named(raw)]
    else:
        entries = [(name, at / name, value) for name, value in mapping(raw).items()]
    for name, place, value in entries:
        check_env_name(name, place, mistakes)
        for _, argument in _argument(value, place, mistakes):
            yield name, place, argument


def check_env_name(name: str, path: Path, mistakes: Mistakes) -> None:
    """Refuse variables that Levada sets itself, and names that no environment can hold."""
    if name.upper().startswith(RESERVED_ENV):
        mistakes.add(path, f"environment variables that begin with {RESERVED_ENV} are set by Levada itself")
    elif not name or "=" in name or "\0" in name:
        mistakes.add(path, f"{name!r} cannot be the name of an environment variable")


def _argument(raw: Any, place: Path, mistakes: Mistakes) -> Iterator[Placed]:
    try:
        yield place, parse_argument(raw)
    except PlaceholderError as error:
        for steps, message in error.problems:
            mistakes.add(place.descend(steps), message)


def _convention(spec: Mapping[str, Any], placed: list[Placed], mistakes: Mistakes) -> Convention:
    """What the spec says; without that Kubeflow's where an argument needs it."""
    needing = [place for place, argument in placed if only_kubeflow_has(argument)]
    if spec.get("convention") == "Levada" and needing:
        mistakes.add(needing[0], "this is told in Kubeflow's convention only: set `convention: Kubeflow`")
    return "Kubeflow" if spec.get("convention") == "Kubeflow" or needing else "Levada"


def _uses(placed: list[Placed]) -> dict[tuple[bool, str], set[Use]]:
    """How each output (True) and input (False) is used, by name."""
    uses: dict[tuple[bool, str], set[Use]] = {}
    for reference in references(argument for _, argument in placed):
        uses.setdefault((reference.use.of_output, reference.name), set()).add(reference.use)
    return uses


def _input(name: str, raw: Mapping[str, Any], uses: set[Use], path: Path, mistakes: Mistakes) -> Input:
    declared = raw.get("type")
    type_ = parameter_type(declared)
    default = raw.get("default")
    # No type, or a name that says nothing to us.
    by_use = type_ is None and (not declared or not is_artifact(artifact_type(declared)))
    if by_use and (Use.INPUT_VALUE in uses or isinstance(default, str | bool | int | float) or not (declared or uses)):
        type_ = STRING
    return Input(
        name=name,
        type=type_ or artifact_type(declared),
        is_parameter=type_ is not None,
        is_optional=raw.get("optional") is True,
        default=read_default_of(type_, artifact_type(declared), default, path / "default", mistakes),
        declared=not by_use,
    )


def read_default_of(type_: str | None, artifact: str, default: Any, path: Path, mistakes: Mistakes) -> Datum:
    """A default as it flows: a value of parameter type `type_`, or an artifact when that is None."""
    if default is None:
        return ABSENT
    if type_ is None:
        return read_artifact(artifact, default, path, mistakes)
    try:
        return read_default(type_, default)
    except ValueMismatchError as error:
        mistakes.add(path, str(error))
        return ABSENT


def read_artifact(type_: str, raw: Any, path: Path, mistakes: Mistakes) -> Datum:
    """An artifact that is given as `{uri: ...}`, or a list of artifacts as a list of those."""
    inner = item_type(type_)
    if inner is not None:
        if not isinstance(raw, list):
            mistakes.add(path, f"a list of artifacts (type {type_}) is given as [{{uri: ...}}, ...]")
            return ABSENT
        return tuple(read_artifact(inner, item, path / index, mistakes) for index, item in enumerate(raw))
    uri = mapping(raw).get("uri")
    if not isinstance(uri, str) or set(raw) != {"uri"}:
        mistakes.add(path, f"an artifact (type {type_}) is given as {{uri: ...}}")
        return ABSENT
    if "://" not in uri:
        mistakes.add(path / "uri", "expected a URI such as s3://bucket/folder/")
    return Artifact(uri, type=type_)


def _output(name: str, raw: Mapping[str, Any]) -> Output:
    type_ = parameter_type(raw.get("type"))
    return Output(name, type_ or artifact_type(raw.get("type")), type_ is not None)


def _check_references(
    argument: Argument,
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Output],
    place: Path,
    mistakes: Mistakes,
) -> None:
    for reference in references([argument]):
        if reference.use.of_output:
            _check_output(reference, inputs, outputs, place, mistakes)
        else:
            _check_input(reference, inputs, outputs, place, mistakes)
    for name in conditions([argument]):
        if name not in inputs:
            mistakes.add_unknown(place, "input", name, inputs)


def _check_input(
    reference: Reference,
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Output],
    place: Path,
    mistakes: Mistakes,
) -> None:
    found = inputs.get(reference.name)
    if found is None:
        if reference.name in outputs:
            mistakes.add(place, f"{reference.name!r} is an output: use outputPath")
        else:
            mistakes.add_unknown(place, "input", reference.name, inputs)
    elif reference.use is Use.INPUT_VALUE and not found.is_parameter:
        mistakes.add(place, f"input {reference.name!r} is an artifact (type {found.type}): use inputPath")
    elif reference.use is Use.INPUT_URI and found.is_parameter:
        mistakes.add(place, f"input {reference.name!r} is a value and has no URI: use inputValue or inputPath")
    elif reference.use in (Use.INPUT_ARTIFACT, Use.INPUT_METADATA) and found.is_parameter:
        mistakes.add(place, f"input {reference.name!r} is a value and no artifact: use inputValue or inputPath")


def _check_output(
    reference: Reference,
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Output],
    place: Path,
    mistakes: Mistakes,
) -> None:
    found = outputs.get(reference.name)
    if found is None:
        if reference.name in inputs:
            mistakes.add(place, f"{reference.name!r} is an input: use inputPath")
        else:
            mistakes.add_unknown(place, "output", reference.name, outputs)
    elif reference.use is Use.OUTPUT_URI and found.is_parameter:
        mistakes.add(place, f"output {reference.name!r} is a value and has no URI: use outputPath")


def _check_written(
    spec: Mapping[str, Any],
    outputs: Mapping[str, Output],
    uses: Mapping[tuple[bool, str], set[Use]],
    path: Path,
    mistakes: Mistakes,
) -> None:
    for index, name, _ in named(spec.get("outputs")):
        if name in outputs and (True, name) not in uses:
            mistakes.add(
                path / "outputs" / index,
                f"output {name!r} can never be written: neither command, args nor env has its outputPath or outputUri",
            )
