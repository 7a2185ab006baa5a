"""Structured placeholders in `command`, `args` and `env`: parsed once, resolved in one pass.

There is no string templating: what a placeholder inserts is one argument (or a part of one in `concat`) and is never
looked at again, so that a value cannot become another argument or a command.
Source of the spelling: the Kubeflow `component.yaml` format.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from levada.graph.types import ValueMismatchError, as_text, check_value, natural_type


class Use(StrEnum):
    """How a placeholder names an input or output."""

    INPUT_VALUE = "inputValue"
    INPUT_PATH = "inputPath"
    INPUT_URI = "inputUri"
    INPUT_ARTIFACT = "inputArtifact"
    INPUT_METADATA = "inputMetadata"
    OUTPUT_PATH = "outputPath"
    OUTPUT_URI = "outputUri"

    @property
    def of_output(self) -> bool:
        """Whether the name is an output's."""
        return self in (Use.OUTPUT_PATH, Use.OUTPUT_URI)


@dataclass(frozen=True, slots=True)
class Reference:
    """`{inputValue: name}` and its siblings; `key` picks one entry of an artifact's metadata.

    `inputArtifact` is the JSON of the whole artifact, `inputMetadata` that of its metadata or of one entry of it (text
    as it is).
    """

    use: Use
    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Concat:
    """`{concat: [...]}`: one argument made of several pieces."""

    items: tuple["Argument", ...]


@dataclass(frozen=True, slots=True)
class If:
    """`{if: {cond: {isPresent: input}, then: [...], else: [...]}}`: splices one of two lists of arguments."""

    input: str
    then: tuple["Argument", ...]
    otherwise: tuple["Argument", ...]


@dataclass(frozen=True, slots=True)
class ExecutorInput:
    """`{executorInput: {}}`: what Kubeflow's executors are told of their inputs and outputs, as JSON."""


Argument = str | Reference | Concat | If | ExecutorInput


Parsed = TypeVar("Parsed")
Steps = tuple[str | int, ...]


class PlaceholderError(ValueError):
    """Placeholders that cannot be read: for each the steps from the argument (`("concat", 1)`) and what is wrong."""

    def __init__(self, *problems: tuple[Steps, str]) -> None:
        super().__init__("; ".join(message for _, message in problems))
        self.problems = problems


def parse_argument(raw: Any, path: Steps = ()) -> Argument:
    """The argument that one item of `command`, `args` or a value of `env` stands for.

    Raises
    ------
    PlaceholderError
        When `raw` is neither text nor a known placeholder.
    """
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool | int | float):
        return _scalar(raw, path)
    if not isinstance(raw, dict) or len(raw) != 1:
        known = ", ".join([*Use, "concat", "if", "executorInput"])
        raise PlaceholderError((path, f"expected a string or a placeholder with exactly one of the keys {known}"))
    key, content = next(iter(raw.items()))
    if key in tuple(Use):
        return _parse_reference(Use(key), content, (*path, key))
    if key == "executorInput":
        if content not in ({}, True, None):
            raise PlaceholderError(((*path, key), "expected {}: it tells of all inputs and outputs"))
        return ExecutorInput()
    if key == "concat":
        return Concat(_parse_list(content, (*path, "concat")))
    if key == "if":
        return _parse_if(content, (*path, "if"))
    raise PlaceholderError(((*path, key), f"unknown placeholder {key!r}"))


def references(arguments: Iterable[Argument]) -> Iterator[Reference]:
    """Every input and output that `arguments` name, except in conditions."""
    for argument in arguments:
        if isinstance(argument, Reference):
            yield argument
        elif isinstance(argument, Concat):
            yield from references(argument.items)
        elif isinstance(argument, If):
            yield from references((*argument.then, *argument.otherwise))


def mentions_executor_input(argument: Argument) -> bool:
    """Whether an argument tells of all inputs and outputs."""
    if isinstance(argument, Concat):
        return any(map(mentions_executor_input, argument.items))
    if isinstance(argument, If):
        return any(map(mentions_executor_input, (*argument.then, *argument.otherwise)))
    return isinstance(argument, ExecutorInput)


def conditions(arguments: Iterable[Argument]) -> Iterator[str]:
    """The inputs whose presence `arguments` ask for."""
    for argument in arguments:
        if isinstance(argument, Concat):
            yield from conditions(argument.items)
        elif isinstance(argument, If):
            yield argument.input
            yield from conditions((*argument.then, *argument.otherwise))


def only_kubeflow_has(argument: Argument) -> bool:
    """Whether something in it is told in Kubeflow's convention only: all inputs at once, or an artifact as JSON."""
    if isinstance(argument, Concat):
        return any(map(only_kubeflow_has, argument.items))
    if isinstance(argument, If):
        return any(map(only_kubeflow_has, (*argument.then, *argument.otherwise)))
    if isinstance(argument, Reference):
        return argument.use in (Use.INPUT_ARTIFACT, Use.INPUT_METADATA)
    return isinstance(argument, ExecutorInput)


def resolve(
    arguments: Sequence[Argument],
    text_of: Callable[[Reference | ExecutorInput], str | None],
    is_present: Callable[[str], bool],
) -> list[str]:
    """The final arguments; a reference whose text is None (an absent optional input) leaves its argument out."""
    resolved: list[str] = []
    for argument in arguments:
        if isinstance(argument, str):
            resolved.append(argument)
        elif isinstance(argument, Reference | ExecutorInput):
            text = text_of(argument)
            if text is not None:
                resolved.append(text)
        elif isinstance(argument, Concat):
            resolved.append("".join(resolve(argument.items, text_of, is_present)))
        else:
            branch = argument.then if is_present(argument.input) else argument.otherwise
            resolved.extend(resolve(branch, text_of, is_present))
    return resolved


def _parse_reference(use: Use, content: Any, path: Steps) -> Reference:
    key = None
    if use is Use.INPUT_METADATA and isinstance(content, dict) and set(content) == {"name", "key"}:
        content, key = content["name"], content["key"]
    if not isinstance(content, str) or not isinstance(key, str | None):
        what = (
            "the name of an input or output" if use is not Use.INPUT_METADATA else "an input or {name: ..., key: ...}"
        )
        raise PlaceholderError((path, f"expected {what}"))
    return Reference(use, content, key)


def _scalar(raw: Any, path: Steps) -> str:
    try:
        return as_text(check_value(natural_type(raw), raw))
    except ValueMismatchError as error:
        raise PlaceholderError((path, str(error))) from None


def _parse_list(raw: Any, path: Steps) -> tuple[Argument, ...]:
    if not isinstance(raw, list):
        return (parse_argument(raw, path),)
    return tuple(_all(partial(parse_argument, item, (*path, index)) for index, item in enumerate(raw)))


def _parse_if(raw: Any, path: Steps) -> If:
    if not isinstance(raw, dict) or "cond" not in raw or "then" not in raw or set(raw) - {"cond", "then", "else"}:
        raise PlaceholderError((path, "expected {cond: {isPresent: <input>}, then: [...], else: [...]}"))
    condition = raw["cond"]
    name = condition.get("isPresent") if isinstance(condition, dict) and len(condition) == 1 else None
    if not isinstance(name, str):
        raise PlaceholderError(((*path, "cond"), "expected {isPresent: <input>}"))
    then, otherwise = _all(partial(_parse_list, raw.get(branch, []), (*path, branch)) for branch in ("then", "else"))
    return If(name, then, otherwise)


def _all(readings: Iterable[Callable[[], Parsed]]) -> list[Parsed]:
    """What each of `readings` returns; the problems of all of them in one error."""
    parsed: list[Parsed] = []
    problems: list[tuple[Steps, str]] = []
    for read in readings:
        try:
            parsed.append(read())
        except PlaceholderError as error:
            problems += error.problems
    if problems:
        raise PlaceholderError(*problems)
    return parsed
