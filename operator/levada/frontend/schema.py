"""The pydantic models' findings as mistakes in our words."""

import json
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from levada.api.bindings import Binding
from levada.api.fields import AGE, DNS_LABEL, DNS_SUBDOMAIN, DURATION, INNER_PATH, LOOP_NAME, QUANTITY
from levada.frontend.mistakes import Mistakes, Path, Step, closest, shorten
from levada.graph.types import as_text, describe

_EXPECTED = {
    "string_type": "a String",
    "bool_type": "true or false",
    "int_type": "an Integer",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}
_PATTERNS = {
    DNS_LABEL: "may hold lowercase letters, digits and '-', and begins and ends with a letter or digit",
    DNS_SUBDOMAIN: "may hold lowercase letters, digits, '-' and '.', and begins and ends with a letter or digit",
    DURATION: "expected a duration such as 90s, 1h30m or 2d",
    AGE: "expected a duration such as 12h, 7d or P7D",
    INNER_PATH: "expected keys of maps and indices of lists with dots between them, such as train.lr",
    LOOP_NAME: "may hold letters, digits, '_' and '-', and begins with a letter or '_'",
    QUANTITY: "expected a quantity such as 500m, 2 or 1Gi",
}


def check_schema(model: type[BaseModel], raw: Any, path: Path, mistakes: Mistakes) -> None:
    """Note everything in `raw` that `model` does not take."""
    try:
        model.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        not_built = {detail["loc"][:-1] for detail in errors if detail["type"] == "not_supported_yet"}
        places: dict[tuple[Step, ...], list[ErrorDetails]] = {}
        for detail in errors:
            # What lacks its usual content because of a field that is not built yet is not wrong twice.
            if detail["loc"] not in not_built or detail["type"] == "not_supported_yet":
                places.setdefault(_steps(raw, detail), []).append(detail)
        for steps, details in places.items():
            for message, suggestion in _findings(model, steps, details):
                mistakes.add(path.descend(steps), message, suggestion)
        for steps, message in _not_exactly_one(model, raw, ()):
            mistakes.add(path.descend(steps), message)


def _steps(raw: Any, detail: ErrorDetails) -> tuple[Step, ...]:
    """Where the error is, in steps that `raw` has (but for the last one of a missing field).

    pydantic's own place also holds the names of a union's members.
    """
    steps: list[Step] = []
    current = raw
    for step in detail["loc"]:
        if isinstance(current, dict) and step in current:
            current = current[str(step)]
        elif isinstance(current, list) and isinstance(step, int) and step < len(current):
            current = current[step]
        elif detail["type"] != "missing":
            break
        steps.append(step)
    return tuple(steps)


Finding = tuple[str, str | None]


def _findings(model: type[BaseModel], steps: tuple[Step, ...], details: list[ErrorDetails]) -> Iterator[Finding]:
    """What is wrong at one place, and what was probably meant."""
    by_kind = {detail["type"]: detail for detail in details}
    expected = [_EXPECTED[kind] for kind in by_kind if kind in _EXPECTED]
    if expected:
        wanted = " or ".join(dict.fromkeys(expected))
        found = details[0]["input"]
        hint = _quote_hint(wanted, found) + _value_hint(model, steps, found)
        yield f"expected {wanted}, found {_found(found)}{hint}", None
    for kind, detail in by_kind.items():
        found = shorten(str(detail["input"]))
        if kind == "missing":
            yield "is required", None
        elif kind == "extra_forbidden":
            yield "unknown field", closest(str(steps[-1]), _fields(_model_at(model, steps[:-1])))
        elif kind == "string_pattern_mismatch":
            # The text, not `ctx`: models that refuse what is not built yet report other errors again, without it.
            pattern = detail["msg"].removeprefix("String should match pattern ").strip("'")
            yield f"{found!r}: {_PATTERNS.get(pattern, f'must match {pattern}')}", None
        elif kind == "literal_error":
            yield f"expected {detail['msg'].removeprefix('Input should be ')}, found {found!r}", None
        elif kind not in _EXPECTED:
            yield detail["msg"][:1].lower() + detail["msg"][1:], None


def _found(value: Any) -> str:
    """What kind of thing stands there, in the words of YAML where it is a collection."""
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else describe(value)


def _quote_hint(expected: str, found: Any) -> str:
    if expected.startswith("a String") and isinstance(found, int | float):
        return f'; quote it: "{as_text(found)}"'
    return ""


def _value_hint(model: type[BaseModel], steps: tuple[Step, ...], found: Any) -> str:
    """How a value is bound, to whoever wrote it where a binding belongs."""
    is_text_as_index = isinstance(found, str) and steps[-1:] == ("at",)
    if not isinstance(found, str | int | float) or is_text_as_index or _model_at(model, steps) is not Binding:
        return ""
    return f"; write {{value: {shorten(json.dumps(found, ensure_ascii=False))}}}"


def _not_exactly_one(model: type[BaseModel], raw: Any, at: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Choices made twice or not at all: pydantic sees them only where nothing else is wrong."""
    if not isinstance(raw, dict):
        return
    choices: tuple[str, ...] = getattr(model, "EXACTLY_ONE", ())
    given = [choice for choice in choices if choice in raw]
    # A choice that is misspelt, or not built yet, is a mistake of its own; it is not missing as well.
    is_missing = not given and raw.keys() <= set(_fields(model))
    if choices and (len(given) > 1 or is_missing):
        yield at, f"exactly one of {', '.join(choices)} is needed, {' and '.join(given) or 'none'} given"
    for name, value in raw.items():
        below = _model_at(model, (name, 0)) if isinstance(value, list) else _model_at(model, (name,))
        if below is not None:
            for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
                yield from _not_exactly_one(below, item, (*at, name) if index is None else (*at, name, index))


def _model_at(model: type[BaseModel], steps: Iterable[Step]) -> type[BaseModel] | None:
    """The model that reads the place to which `steps` lead."""
    current: Any = model
    for step in steps:
        current = _bare(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = next((f for name, f in current.model_fields.items() if (f.alias or name) == step), None)
            current = field.annotation if field else None
        elif get_origin(current) in (tuple, list):
            current = get_args(current)[0]
        elif get_origin(current) is dict:
            current = get_args(current)[1]
        else:
            return None
    current = _bare(current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _bare(annotation: Any) -> Any:
    """`annotation` without `Annotated[...]` and `... | None`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def _fields(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []
