"""Reads importers: tasks that make known an artifact which stands somewhere already."""

from collections.abc import Iterator, Mapping
from typing import Any

from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.shape import mapping
from levada.graph.model import Binding, External, Graph, Input, Parameter, Text, inner
from levada.graph.placeholders import Argument, Concat, PlaceholderError, Reference, Use, parse_argument
from levada.graph.types import ANY_ARTIFACT, DICT, STRING, ValueMismatchError, artifact_type, check_value

OUTPUT = "artifact"
"""The one output of every importer."""
_PLACEHOLDERS = ({"inputValue"}, {"concat"})


def read_importer(raw: Any, path: Path, mistakes: Mistakes) -> Graph:
    """The graph that stands for an importer: without tasks, with the artifact as its output.

    Its inputs are those that its placeholders name, as text.
    """
    raw = mapping(raw)
    uri = _uri(raw.get("uri"), path / "uri", mistakes)
    metadata = mapping(_filled(raw.get("metadata"), path / "metadata", mistakes))
    made = External(uri, artifact_type(raw.get("type")) if raw.get("type") else ANY_ARTIFACT, metadata)
    inputs = {name: Input(name, STRING, is_parameter=True, declared=False) for name in _named(made)}
    return Graph(inputs, {}, {OUTPUT: made})


def _uri(raw: Any, path: Path, mistakes: Mistakes) -> str | Binding:
    """A URI: text, the value of an input, or text with such values in it."""
    found = _filled(raw, path, mistakes)
    if isinstance(found, Text):
        is_input = set(mapping(raw)) == {"inputValue"}
        return found.parts[0] if is_input else found
    if isinstance(found, str) and "://" in found:
        return found
    if raw is not None:  # else the schema has said that it is missing
        mistakes.add(path, "expected a URI such as s3://bucket/folder/, {inputValue: ...} or {concat: [...]}")
    return ""


def _filled(raw: Any, path: Path, mistakes: Mistakes) -> Any:
    """A value; its placeholders as text with bindings to the importer's inputs in it."""
    if isinstance(raw, dict) and set(raw) in _PLACEHOLDERS:
        return _text(raw, path, mistakes)
    if isinstance(raw, dict):
        return {name: _filled(inside, path / name, mistakes) for name, inside in raw.items()}
    if isinstance(raw, list):
        return [_filled(inside, path / index, mistakes) for index, inside in enumerate(raw)]
    try:
        return raw if raw is None else check_value(DICT, {"": raw})[""]
    except ValueMismatchError as error:
        mistakes.add(path, str(error))
        return None


def _text(raw: Mapping[str, Any], path: Path, mistakes: Mistakes) -> Text | None:
    try:
        return Text(tuple(_parts(parse_argument(raw), path, mistakes)))
    except PlaceholderError as error:
        for steps, message in error.problems:
            mistakes.add(path.descend(steps), message)
        return None


def _parts(argument: Argument, path: Path, mistakes: Mistakes) -> Iterator[str | Binding]:
    if isinstance(argument, str):
        yield argument
    elif isinstance(argument, Reference) and argument.use is Use.INPUT_VALUE:
        yield Parameter(argument.name)
    elif isinstance(argument, Concat):
        for item in argument.items:
            yield from _parts(item, path, mistakes)
    else:
        mistakes.add(path, "an importer knows text and {inputValue: ...} only")


def _named(binding: Any) -> Iterator[str]:
    """The inputs that a binding names."""
    if isinstance(binding, Parameter):
        yield binding.name
    for part in inner(binding):
        yield from _named(part)
