"""Bindings: where an input's value comes from, and whether it may come from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.parameters import describe_type
from levada.frontend.shape import mapping, sequence
from levada.graph.model import Binding, External, Input, Literal, OneOf, Output, Parameter, TaskOutput
from levada.graph.types import (
    ValueMismatchError,
    artifacts_match,
    as_text,
    check_value,
    fits,
    natural_type,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a graph's bindings may use; the outputs of a task whose component is not known are None."""

    parameters: Mapping[str, Input]
    outputs: Mapping[str, Mapping[str, Output] | None]
    mistakes: Mistakes


def read_binding(raw: Any, target: Input | None, path: Path, scope: Scope) -> Binding | None:
    """The binding that `raw` describes, if it can be one.

    Parameters
    ----------
    raw
        The binding as it is written. The schema has seen whether it has exactly one source.
    target
        The input that it feeds; None for an output of the pipeline, which takes everything.
    path
        Where it stands.
    scope
        The names that it may use.
    """
    raw = mapping(raw)
    if "value" in raw:
        return _read_literal(raw["value"], target, path / "value", scope.mistakes)
    if isinstance(raw.get("parameter"), str):
        return _read_parameter(raw["parameter"], target, path / "parameter", scope)
    if isinstance(raw.get("task"), str):
        return _read_task_output(raw["task"], raw.get("output"), target, path, scope)
    if "oneOf" in raw:
        return _read_choices(raw["oneOf"], target, path / "oneOf", scope)
    if isinstance(raw.get("uri"), str):
        if target is not None and target.is_parameter:
            scope.mistakes.add(
                path / "uri", f"input {target.name!r} takes {describe_type(target)}, but a uri makes an artifact"
            )
        return External(raw["uri"])
    return None


def _read_literal(value: Any, target: Input | None, path: Path, mistakes: Mistakes) -> Binding | None:
    if target is not None and not target.is_parameter:
        mistakes.add(
            path,
            f"input {target.name!r} takes {describe_type(target)}, not a value: bind a task's output or {{uri: ...}}",
        )
        return None
    try:
        if target is None or not target.declared:
            value = check_value(natural_type(value), value)
            return Literal(value if target is None else as_text(value))
        return Literal(check_value(target.type, value))
    except ValueMismatchError as error:
        mistakes.add(path, str(error))
        return None


def _read_parameter(name: str, target: Input | None, path: Path, scope: Scope) -> Binding | None:
    source = scope.parameters.get(name)
    if source is None:
        scope.mistakes.add_unknown(path, "parameter", name, scope.parameters)
        return None
    _connect(f"parameter {name!r}", source, target, path, scope.mistakes)
    return Parameter(name)


def _read_task_output(task: str, output: Any, target: Input | None, path: Path, scope: Scope) -> Binding | None:
    if task not in scope.outputs:
        scope.mistakes.add_unknown(path / "task", "task", task, scope.outputs)
        return None
    outputs = scope.outputs[task]
    if not isinstance(output, str):
        return None
    if outputs is not None:
        source = outputs.get(output)
        if source is None:
            scope.mistakes.add_unknown(path / "output", f"output of task {task!r} called", output, outputs)
            return None
        _connect(f"output {output!r} of task {task!r}", source, target, path, scope.mistakes)
    return TaskOutput(task, output)


def _read_choices(raw: Any, target: Input | None, path: Path, scope: Scope) -> Binding | None:
    choices = []
    for index, choice in enumerate(map(mapping, sequence(raw))):
        if isinstance(choice.get("task"), str):
            read = _read_task_output(choice["task"], choice.get("output"), target, path / index, scope)
            choices += [read] if isinstance(read, TaskOutput) else []
    if raw == []:
        scope.mistakes.add(path, "expected at least one task to take the value from")
    return OneOf(tuple(choices)) if choices else None


def _connect(name: str, source: Input | Output, target: Input | None, path: Path, mistakes: Mistakes) -> None:
    """Refuse an edge between types that do not fit."""
    if target is None:
        return
    if source.is_parameter and target.is_parameter:
        matches = not target.declared or fits(source.type, target.type)
    else:
        matches = source.is_parameter == target.is_parameter and artifacts_match(source.type, target.type)
    if not matches:
        mistakes.add(
            path, f"input {target.name!r} takes {describe_type(target)}, but {name} is {describe_type(source)}"
        )
