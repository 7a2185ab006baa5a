"""Bindings that are made of others: text of several parts, and Lists and Dicts with bindings in them."""

from collections.abc import Callable
from typing import Any

from levada.frontend.mistakes import Path
from levada.frontend.shape import mapping, sequence
from levada.graph.model import Binding, Compose, Literal, Text

Read = Callable[[Any, Path], Binding | None]
"""Reads a binding within another, and notes what is wrong with it."""


def read_text(raw: Any, path: Path, read: Read) -> Text:
    """`{concat: [...]}`; `raw` is the list."""
    parts = [part if isinstance(part, str) else read(part, path / index) for index, part in enumerate(sequence(raw))]
    return Text(tuple(part for part in parts if part is not None))


def read_list(raw: Any, path: Path, read: Read) -> Compose:
    """`{list: [...]}`; `raw` is the list."""
    return Compose([_inside(item, path / index, read) for index, item in enumerate(sequence(raw))])


def read_dict(raw: Any, path: Path, read: Read) -> Compose:
    """`{dict: {...}}`; `raw` is the map."""
    return Compose({name: _inside(item, path / name, read) for name, item in mapping(raw).items()})


def _inside(raw: Any, path: Path, read: Read) -> Any:
    """A binding within a List or Dict; one that is known already as what it stands for."""
    found = read(raw, path)
    if isinstance(found, Literal):
        return found.value
    return found.shape if isinstance(found, Compose) else found
