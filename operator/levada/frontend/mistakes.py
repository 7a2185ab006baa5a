"""What is wrong with a definition: every mistake with its place and, where there is one, what was probably meant."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

Step = str | int

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_WORD = 128
_SUGGESTIONS = 100
"""Only so many names are compared with others: a hostile definition has thousands of wrong ones."""


@dataclass(frozen=True, slots=True)
class Path:
    """A place such as `spec.tasks[2].inputs.epochs`; `owner` names a referenced object, such as `Component/train`."""

    steps: tuple[Step, ...] = ()
    owner: str = ""

    def __truediv__(self, step: Step) -> Self:
        return type(self)((*self.steps, step), self.owner)  # `replace` takes five times as long

    def descend(self, steps: Iterable[Step]) -> Self:
        """The place that `steps` lead to from here."""
        return replace(self, steps=(*self.steps, *steps))

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            if isinstance(step, int):
                text += f"[{step}]"
            elif _PLAIN_KEY.fullmatch(step):
                text += f".{step}" if text else step
            else:
                text += f"[{shorten(step)!r}]"
        return f"{self.owner}: {text}" if self.owner else text


SPEC = Path(("spec",))


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, where, and what was probably meant."""

    path: Path
    message: str
    suggestion: str | None = None

    @property
    def explanation(self) -> str:
        """What is wrong and what was probably meant, without the place."""
        return self.message + (f" (did you mean {self.suggestion!r}?)" if self.suggestion else "")

    def __str__(self) -> str:
        return f"{self.path}: {self.explanation}"


class InvalidSpecError(ValueError):
    """A definition with mistakes, all of them."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Mistakes:
    """Collects mistakes while a definition is read to its end."""

    def __init__(self) -> None:
        self._found: dict[Mistake, None] = {}
        self._compared = 0

    def __iter__(self) -> Iterator[Mistake]:
        return iter(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: Path, message: str, suggestion: str | None = None) -> None:
        """Note a mistake; the same one is noted once."""
        self._found.setdefault(Mistake(path, message, suggestion))

    def add_all(self, found: Iterable[Mistake]) -> None:
        """Note mistakes that were found elsewhere."""
        for mistake in found:
            self._found.setdefault(mistake)

    def add_unknown(self, path: Path, what: str, name: str, known: Iterable[str]) -> None:
        """Note that there is no `what` called `name`, with the most similar of the `known` names."""
        self._compared += 1
        suggestion = closest(name, known) if self._compared <= _SUGGESTIONS else None
        self.add(path, f"there is no {what} {shorten(name)!r}", suggestion)

    def raise_if_any(self) -> None:
        """End here if something is wrong.

        Raises
        ------
        InvalidSpecError
            With all mistakes found so far.
        """
        if self._found:
            raise InvalidSpecError(self._found)


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, if one is similar."""
    if len(name) > _LONGEST_WORD:
        return None
    by_folded = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def shorten(text: str) -> str:
    """`text` at a length that a message can bear."""
    return text if len(text) <= _LONGEST_WORD else text[: _LONGEST_WORD - 3] + "..."
