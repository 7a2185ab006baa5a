"""What an executor of Kubeflow's says it made: the file `output_metadata.json`.

Source: the message `ExecutorOutput` of Kubeflow's pipeline spec, in its JSON form; names of fields may be in camel or
in snake case. Nothing in it is believed that could lead out of the attempt's own folders.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from levada.graph.types import STRING, ValueMismatchError, as_text, check_value, natural_type, parse_text
from levada.planner.handoff import CollectOutput
from levada.planner.layout.executor_input import local_form
from levada.store.errors import InvalidOutputError, OutputMissingError
from levada.store.links import find_output
from levada.store.text import METADATA_LIMIT, read_text

if TYPE_CHECKING:
    from levada.store.links import FoundOutput

ANSWER: Final = ""
"""Stands for the answer among the folders of outputs; no output is called so."""
LIMIT: Final = 2 << 20
_FIELDS: Final = {
    "parameters": "parameters",
    "artifacts": "artifacts",
    "parameterValues": "parameterValues",
    "parameter_values": "parameterValues",
}
_OF_ARTIFACT: Final = {
    "name": "name",
    "type": "type",
    "uri": "uri",
    "metadata": "metadata",
    "properties": "properties",
    "customProperties": "customProperties",
    "custom_properties": "customProperties",
    "customPath": "customPath",
    "custom_path": "customPath",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The values of parameters, and what is said of artifacts, by output."""

    values: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def text(self, output: CollectOutput) -> str | None:
        """The value of a parameter as text; None where the answer has none."""
        value = self.values.get(output.name)
        if value is None:
            return None
        try:
            return as_text(check_value(natural_type(value) if output.type == STRING else output.type, value))
        except ValueMismatchError as error:
            raise InvalidOutputError(str(error)) from None

    def metadata(self, name: str) -> dict[str, Any]:
        """What the executor noted of an artifact."""
        metadata = self.artifacts.get(name, {}).get("metadata") or {}
        if not isinstance(metadata, dict):
            raise InvalidOutputError("its metadata is no JSON object")
        size = len(as_text(metadata).encode())
        if size > METADATA_LIMIT:
            raise InvalidOutputError(
                f"its metadata has {size:,} bytes, more than {METADATA_LIMIT:,}; put what is bulky into the artifact"
            )
        return metadata

    def place(self, output: CollectOutput) -> str:
        """Where an artifact is: a path, or a URI that the task has named instead."""
        assert output.path is not None
        if path := self._text(output.name, "customPath"):
            if not path.startswith("/"):
                raise InvalidOutputError(f"its path {path[:100]!r} is relative; write to the artifact's own path")
            return path
        uri = self._text(output.name, "uri")
        if not uri or uri == output.told:
            return output.path
        if not uri.startswith("/") and "://" not in uri:
            raise InvalidOutputError(f"its uri {uri[:100]!r} is neither a URI with a scheme nor an absolute path")
        # Only where URIs of the store have local forms does one of them mean a path.
        return (local_form(uri) if output.told != output.path else None) or uri

    def _text(self, name: str, field_: str) -> str:
        found = self.artifacts.get(name, {}).get(field_) or ""
        if not isinstance(found, str):
            raise InvalidOutputError(f"its {field_} is no text")
        return found


def read_answer(path: str, home: Path) -> Answer:
    """The answer at `path`; an executor need not give one. `home` is its folder's real path.

    Raises
    ------
    StoreError
        It is no answer, or leads elsewhere.
    """
    try:
        found = find_output(Path(path), home)
    except OutputMissingError:
        return Answer()
    if found.files is not None:
        raise InvalidOutputError(f"{path} is a folder; the executor's answer is a JSON file")
    try:
        raw = parse_text("Dict", read_text(Path(path), found, LIMIT, "make the largest parameter an artifact"))
    except ValueMismatchError as error:
        raise InvalidOutputError(f"{path}: {error}") from None
    answer = _known(raw, _FIELDS, path)
    values, artifacts = answer.get("parameterValues") or {}, answer.get("artifacts") or {}
    if not isinstance(values, dict) or not isinstance(artifacts, dict):
        raise InvalidOutputError(f"{path}: parameterValues and artifacts are JSON objects")
    return Answer(values, {name: _first(name, listed, path) for name, listed in artifacts.items()})


def find_claimed(path: str, output: CollectOutput, homes: Mapping[str, Path]) -> FoundOutput | None:
    """What stands at the place of an artifact; None where nothing does.

    Raises
    ------
    StoreError
        The place is outside of the attempt's folders, or cannot be read.
    """
    real = Path(os.path.realpath(Path(path).parent))
    if path != output.path and not real.is_relative_to(homes[ANSWER]):
        raise InvalidOutputError(
            f"{path} is outside of {homes[ANSWER]}: what is written elsewhere is not seen; "
            "write to the artifact's own path"
        )
    try:
        return find_output(Path(path), homes[output.name] if path == output.path else real)
    except OutputMissingError:
        return None


def _first(name: str, listed: Any, path: str) -> dict[str, Any]:
    """What is said of the first artifact of an output: a task makes one."""
    artifacts = _known(listed, {"artifacts": "artifacts"}, path).get("artifacts") or [{}]
    if not isinstance(artifacts, list):
        raise InvalidOutputError(f"{path}: artifacts.{name}.artifacts is no list")
    return _known(artifacts[0], _OF_ARTIFACT, path)


def _known(raw: Any, fields: Mapping[str, str], path: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise InvalidOutputError(f"{path}: expected a JSON object, found {as_text(raw)[:100]}")
    for name in raw:
        if name not in fields:
            raise InvalidOutputError(f"{path}: unknown field {str(name)[:100]!r}; known are {', '.join(fields)}")
    return {fields[name]: value for name, value in raw.items()}
