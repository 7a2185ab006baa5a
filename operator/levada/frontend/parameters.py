"""A pipeline's parameters: their types, and the values that a run gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from levada.frontend.component import read_artifact, read_default_of
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.shape import named
from levada.graph.model import ABSENT, Datum, Input, Output
from levada.graph.types import (
    ANY,
    ANY_ARTIFACT,
    STRING,
    ValueMismatchError,
    artifact_type,
    as_text,
    check_value,
    is_artifact,
    natural_type,
    parameter_type,
    with_article,
)


def declare_parameters(
    raw: Any, uses: Mapping[str, Sequence[Input]], path: Path, mistakes: Mistakes
) -> dict[str, Input]:
    """The parameters that a pipeline declares.

    Parameters
    ----------
    raw
        The list, as it is written.
    uses
        The component inputs that each parameter is bound to: they decide where no type is declared.
    path
        Where the list stands.
    mistakes
        Takes what is wrong.
    """
    return {name: _declare(name, item, uses.get(name, ()), path / index, mistakes) for index, name, item in named(raw)}


def _declare(name: str, raw: Mapping[str, Any], uses: Sequence[Input], path: Path, mistakes: Mistakes) -> Input:
    written = raw.get("type")
    default = raw.get("default")
    type_, is_parameter, declared = ANY if written == ANY else parameter_type(written), True, True
    if type_ is None:
        type_, is_parameter, declared = _by_use(written, default, uses)
    return Input(
        name=name,
        type=type_,
        is_parameter=is_parameter,
        is_optional=raw.get("optional") is True,
        default=read_default_of(type_ if is_parameter else None, type_, default, path / "default", mistakes),
        declared=declared,
    )


def _by_use(written: Any, default: Any, uses: Sequence[Input]) -> tuple[str, bool, bool]:
    """Type, whether it is a parameter's and whether it is sure, for a type that is absent or unknown to us."""
    artifact = artifact_type(written)
    if written and (is_artifact(artifact) or not any(use.is_parameter for use in uses)):
        return artifact, False, True
    typed = {use.type for use in uses if use.declared and use.is_parameter and use.type != ANY}
    if typed:
        return ("Float" if typed == {"Integer", "Float"} else min(typed)), True, True
    if uses and not any(use.is_parameter for use in uses):
        artifacts = {use.type for use in uses} - {ANY_ARTIFACT}
        return (artifacts.pop() if len(artifacts) == 1 else ANY_ARTIFACT), False, True
    if default is not None and not isinstance(default, str):
        return natural_type(default), True, False
    return STRING, True, False


def resolve_parameters(
    declared: Mapping[str, Input], given: Mapping[str, Any], path: Path, mistakes: Mistakes
) -> dict[str, Datum]:
    """The value of every declared parameter (ABSENT for an optional one that got none), from a run's `parameters`."""
    for name in given:
        if name not in declared:
            mistakes.add_unknown(path / name, "parameter", name, declared)
    return {name: _resolve(parameter, given, path, mistakes) for name, parameter in declared.items()}


def _resolve(parameter: Input, given: Mapping[str, Any], path: Path, mistakes: Mistakes) -> Datum:
    if parameter.name not in given:
        if not parameter.may_be_absent:
            mistakes.add(path, f"the parameter {parameter.name!r} is required: {describe_type(parameter)}")
        return parameter.default
    place, value = path / parameter.name, given[parameter.name]
    if not parameter.is_parameter:
        return read_artifact(parameter.type, value, place, mistakes)
    try:
        return check_value(parameter.type, value) if parameter.declared else _as_type(parameter.type, value)
    except ValueMismatchError as error:
        mistakes.add(place, str(error))
        return ABSENT


def _as_type(type_: str, value: Any) -> Any:
    """A value for a parameter without a declared type: any value is taken, for a String by its text."""
    checked = check_value(natural_type(value), value)
    return as_text(checked) if type_ == STRING else checked


def describe_type(thing: Input | Output) -> str:
    """What an input takes or an output gives, for messages: `an Integer`, or `an artifact of type Model`."""
    return with_article(thing.type) if thing.is_parameter else f"an artifact of type {thing.type}"
