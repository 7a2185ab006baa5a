"""FILE arguments: files, folders (everything in them that is YAML or JSON) and `-` for stdin."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """The content of one file, or why it cannot be read.

    Attributes
    ----------
    name
        As messages call it.
    content
        Its bytes; what is wrong with it as text.
    is_named
        Whether it was given by name rather than found in a folder.
    """

    name: str
    content: bytes | str
    is_named: bool = True


def read_sources(files: Iterable[str]) -> Iterator[Source]:
    """The files that the arguments stand for, each once, in the order given; folders in the order of names."""
    seen: set[Path] = set()
    for file in files:
        if file == STDIN:
            yield Source("<stdin>", sys.stdin.buffer.read())
            continue
        given = Path(file)
        found = list(_in_folder(given)) if given.is_dir() else [given]
        for path in found:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield Source(str(path), _read(path), is_named=path is given)


def _in_folder(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES)


def _read(path: Path) -> bytes | str:
    try:
        return path.read_bytes()
    except OSError as error:
        return f"cannot be read: {(error.strerror or str(error)).lower()}"
