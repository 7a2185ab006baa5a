"""Parameter types: which values they take, and how values read as text.

One table serves every place where a value crosses a border: run parameters, defaults, argv, files and the status.
Values are kept in a normal form that the API server does not change on the way (it turns `1.0` into `1`, rounds
integers beyond int64 and drops null map entries), so that laptop and cluster agree.
"""

import json
import math
from typing import Any

STRING, INTEGER, FLOAT, BOOLEAN, LIST, DICT = "String", "Integer", "Float", "Boolean", "List", "Dict"

ANY = "Any"
"""The type of an input of a nested graph that hands every value on as it is."""

ANY_ARTIFACT = "Artifact"
"""The artifact type that matches every other."""

_KNOWN_ARTIFACTS = frozenset(
    {
        ANY_ARTIFACT,
        "Dataset",
        "Model",
        "Metrics",
        "ClassificationMetrics",
        "SlicedClassificationMetrics",
        "HTML",
        "Markdown",
    }
)


def is_artifact(name: str) -> bool:
    """Whether a type is an artifact's however it is used; of any other name the use decides."""
    return name in _KNOWN_ARTIFACTS or item_type(name) is not None


_SPELLINGS = {
    STRING: ("string", "str", "text"),
    INTEGER: ("integer", "int"),
    FLOAT: ("float", "double"),
    BOOLEAN: ("boolean", "bool"),
    LIST: ("list", "jsonarray"),
    DICT: ("dict", "jsonobject"),
}
_CANONICAL = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}

_KINDS: list[tuple[type, str]] = [
    (bool, BOOLEAN),
    (str, STRING),
    (int, INTEGER),
    (float, FLOAT),
    (list, LIST),
    (dict, DICT),
]
"""The kind of each JSON value; a bool is an int to Python, so it comes first."""

_SWITCHES = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_MAX_DEPTH = 64
"""Levels of nesting in a List or Dict; far fewer than Python's stack bears."""

_INT64 = range(-(2**63), 2**63)
_EXACT_FLOAT = 2.0**53
"""Whole floats below this print the same as integers; above it JSON's exponent form is kept."""


class ValueMismatchError(ValueError):
    """A value that its type does not take; the text says what was found and what would do."""


def parameter_type(name: object) -> str | None:
    """The canonical parameter type that `name` spells, in any case, or None when it names an artifact type.

    A type may be a map from its name to details: `{JsonObject: {data_type: ...}}` is a Dict.
    """
    if isinstance(name, dict):
        name = next(iter(name), None)
    return _CANONICAL.get(name.lower()) if isinstance(name, str) else None


def artifact_type(name: object) -> str:
    """How an artifact type is called: maps (`{GCSPath: {...}}`) by their key, no type at all `Artifact`."""
    if isinstance(name, dict):
        return str(next(iter(name), ANY_ARTIFACT))
    return str(name) if name else ANY_ARTIFACT


def natural_type(value: Any) -> str:
    """The parameter type that `value` has by itself, where none is declared."""
    return next(name for kind, name in _KINDS if isinstance(value, kind))


def check_value(type_: str, value: Any) -> Any:
    """`value` in normal form.

    Raises
    ------
    ValueMismatchError
        When `value` is not of the canonical parameter type `type_`.
    """
    if type_ == INTEGER and isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or not fits(natural_type(value), type_):
        raise ValueMismatchError(_mismatch(type_, value))
    return _normal(value)


def read_default(type_: str, value: Any) -> Any:
    """A default in normal form; as text it is read by type, and a scalar for a String is taken as its text.

    Raises
    ------
    ValueMismatchError
        When `value` cannot be read as `type_`.
    """
    if isinstance(value, str) and type_ != ANY:
        return parse_text(type_, value)
    if type_ == STRING and isinstance(value, bool | int | float):
        return as_text(check_value(natural_type(value), value))
    return check_value(type_, value)


def parse_text(type_: str, text: str) -> Any:
    """The value that `text` (a file, an argument, a default) stands for: String exact, the others trimmed JSON.

    Raises
    ------
    ValueMismatchError
        When `text` does not hold a value of `type_`.
    """
    if type_ == STRING:
        return text
    trimmed = text.strip()
    if type_ == BOOLEAN and trimmed.lower() in _SWITCHES:
        return _SWITCHES[trimmed.lower()]
    try:
        value = json.loads(trimmed, parse_constant=_refuse_constant)
    except ValueMismatchError:
        raise
    except (ValueError, RecursionError):
        if type_ == ANY:
            return text
        shown = trimmed if len(trimmed) <= 80 else trimmed[:77] + "..."  # noqa: PLR2004
        raise ValueMismatchError(f"expected {with_article(type_)}, found the text {shown!r}") from None
    return check_value(type_, value)


def as_text(value: Any) -> str:
    """How a normal-form value reads in argv, environment variables and files: String exact, the others compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def fits(source: str, target: str) -> bool:
    """Whether a value of canonical parameter type `source` may feed an input of type `target`."""
    return target in (source, ANY) or (source, target) == (INTEGER, FLOAT)


def item_type(name: str) -> str | None:
    """`Model` of the artifact type `List[Model]`; None of a type that is no list."""
    return name[5:-1] if name.startswith("List[") and name.endswith("]") else None


def artifacts_match(source: str, target: str) -> bool:
    """Whether an artifact of type `source` may feed an input of type `target`: the same name, or one says nothing."""
    while (given := item_type(source)) is not None and (taken := item_type(target)) is not None:
        source, target = given, taken
    return source == target or ANY_ARTIFACT in (source, target)


def describe(value: Any) -> str:
    """What kind of value `value` is, for messages: `a String`, `an Integer`, `null`."""
    return "null" if value is None else with_article(natural_type(value))


def with_article(type_: str) -> str:
    """`an Integer`, `a Model`."""
    return f"an {type_}" if type_[:1].upper() in {*"AEIO"} else f"a {type_}"


def _normal(value: Any, depth: int = _MAX_DEPTH) -> Any:
    if depth == 0:
        raise ValueMismatchError(f"the value is nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueMismatchError("NaN and Infinity are not values that JSON can hold")
        return int(value) if value.is_integer() and abs(value) < _EXACT_FLOAT else value
    if isinstance(value, int) and not isinstance(value, bool) and value not in _INT64:
        raise ValueMismatchError(f"the integer {value} does not fit into 64 bits; pass it as a String")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueMismatchError("the text holds half a surrogate pair, which UTF-8 cannot hold")
    if isinstance(value, list):
        return [_normal(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {_normal(str(key)): _normal(item, depth - 1) for key, item in value.items() if item is not None}
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueMismatchError(f"{name} is not a value that JSON can hold")


def _mismatch(type_: str, value: Any) -> str:
    text = f"expected {with_article(type_)}, found {describe(value)}"
    if type_ == STRING and isinstance(value, int | float):
        text += f'; quote it: "{as_text(value)}"'
    elif isinstance(value, str) and _reads_as(type_, value):
        text += "; write it without quotes"
    return text


def _reads_as(type_: str, text: str) -> bool:
    try:
        parse_text(type_, text)
    except ValueMismatchError:
        return False
    return True
