"""The item of a loop's iteration, and what its inputs may take of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from levada.frontend.mistakes import Mistakes, Path, closest
from levada.frontend.parameters import describe_type
from levada.graph.model import Input, Output
from levada.graph.types import LIST, ValueMismatchError, artifacts_match, check_value, item_type, natural_type

_SHOWN = 10
"""So many wrong items are named for each input."""


@dataclass(frozen=True, slots=True)
class Each:
    """The item of an iteration.

    Attributes
    ----------
    name
        What it is called.
    values
        All items, where they are written out.
    artifact
        The type of each, where they are artifacts.
    is_known
        Whether it can be told what they are; nothing is checked otherwise.
    """

    name: str
    values: Sequence[Any] | None = None
    artifact: str | None = None
    is_known: bool = True

    def check(self, steps: Sequence[str], target: Input | None, path: Path, mistakes: Mistakes) -> None:
        """Note what is wrong with feeding `target` by what `steps` lead to in each item."""
        if target is None or not self.is_known:
            return
        if self.artifact is not None:
            self._check_artifact(steps, target, path, mistakes)
        elif not target.is_parameter:
            mistakes.add(path, f"input {target.name!r} takes {describe_type(target)}, but {self.name!r} is a value")
        elif self.values is not None:
            for message, suggestion in islice(_unfit(self.values, steps, target), _SHOWN):
                mistakes.add(path, message, suggestion)

    def _check_artifact(self, steps: Sequence[str], target: Input, path: Path, mistakes: Mistakes) -> None:
        source = Output(self.name, self.artifact or "", is_parameter=False)
        if steps:
            mistakes.add(path, f"{self.name!r} is {describe_type(source)}, which has no fields")
        elif target.is_parameter or not artifacts_match(source.type, target.type):
            takes, gives = describe_type(target), describe_type(source)
            mistakes.add(path, f"input {target.name!r} takes {takes}, but {self.name!r} is {gives}")


def each_of(name: str, source: Input | Output | None, called: str, path: Path, mistakes: Mistakes) -> Each:
    """The item of a loop over what `source` gives, whose type is not known where that is None."""
    if source is None:
        return Each(name, is_known=False)
    if source.is_parameter and source.type == LIST:
        return Each(name)
    artifact = None if source.is_parameter else item_type(source.type)
    if artifact is None:
        mistakes.add(path, f"a loop needs a List or a list of artifacts, but {called} is {describe_type(source)}")
        return Each(name, is_known=False)
    return Each(name, artifact=artifact)


def _unfit(items: Sequence[Any], steps: Sequence[str], target: Input) -> Iterator[tuple[str, str | None]]:
    """What is wrong with each item that cannot feed `target`, by index, and what was probably meant."""
    for index, item in enumerate(items):
        value = _follow(item, steps)
        if isinstance(value, _Lost):
            yield f"item {index} has no {value.step!r}", closest(value.step, value.known)
            continue
        try:
            check_value(target.type if target.declared or value is None else natural_type(value), value)
        except ValueMismatchError as error:
            yield f"item {index}: {error}", None


@dataclass(frozen=True, slots=True)
class _Lost:
    """The step at which a way into an item ends, and those that there are."""

    step: str
    known: Sequence[str]


def _follow(item: Any, steps: Sequence[str]) -> Any:
    """What `steps` lead to in `item`, or where they end."""
    for step in steps:
        if isinstance(item, list) and step.isdecimal() and int(step) < len(item):
            item = item[int(step)]
        elif isinstance(item, Mapping) and step in item:
            item = item[step]
        else:
            return _Lost(step, list(item) if isinstance(item, Mapping) else ())
    return item
