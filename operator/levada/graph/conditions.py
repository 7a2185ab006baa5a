"""Conditions (`when`): CEL over a task's inputs, bounded so that no expression holds the process that evaluates it.

The interpreter cannot be interrupted, so its cost is bounded beforehand: by length, by the size of what it sees, and by
the macros, which are the only loops (`docs/adr/0002-bounded-conditions.md` has the measurements).
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from levada.graph.model import ABSENT, Artifact, Datum

LONGEST: Final = 1024
LONGEST_WITH_MACRO: Final = 256
MOST_ITEMS: Final = 1000
MOST_ITEMS_WITH_MACRO: Final = 100
MOST_BYTES: Final = 64_000
MOST_BYTES_WITH_MACRO: Final = 4_000
_SHOWN: Final = 100
_PLACE: Final = re.compile(r"ERROR: <input>:\d+:(\d+): (.*)")
_MACRO: Final = re.compile(r"\.\s*(all|exists|exists_one|map|filter)\b")
_NAMED: Final = re.compile(r"""\binputs\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\])""")


class ConditionError(ValueError):
    """A condition that cannot be read, is too costly, or has no answer; the text shows the expression."""


def names_in(text: str) -> list[str]:
    """The inputs that a condition names, each once."""
    return list(dict.fromkeys("".join(found) for found in _NAMED.findall(text)))


def check_condition(text: str) -> None:
    """Refuse what can never be evaluated.

    Raises
    ------
    ConditionError
        It is no CEL, too long, or loops in a way that is not bounded.
    """
    macros = _MACRO.findall(text)
    if set(macros) & {"map", "filter"}:
        raise ConditionError(f"{macros[0]}() is not available in conditions: use all(), exists() or exists_one()")
    if len(macros) > 1:
        raise ConditionError(f"one of all(), exists() and exists_one() is possible in a condition, not {len(macros)}")
    longest = LONGEST_WITH_MACRO if macros else LONGEST
    if len(text) > longest:
        raise ConditionError(f"a condition has at most {longest} characters, this one has {len(text)}")
    _compiled(text)


def holds(text: str, inputs: Mapping[str, Datum]) -> bool:
    """Whether the condition is true of `inputs`.

    Raises
    ------
    ConditionError
        It has no answer, or its answer is neither true nor false.
    """
    check_condition(text)
    seen = {name: _plain(value) for name, value in inputs.items() if value is not ABSENT and name in text}
    has_macro = bool(_MACRO.search(text))
    size, items = len(json.dumps(seen, default=str)), _items(seen)
    if size > (MOST_BYTES_WITH_MACRO if has_macro else MOST_BYTES) or items > (
        MOST_ITEMS_WITH_MACRO if has_macro else MOST_ITEMS
    ):
        raise ConditionError(f"{text!r} looks at too much: {items} items, {size} bytes")
    answer = _run(text, {"inputs": seen})
    if not isinstance(answer, bool):
        raise ConditionError(f"{text!r} is {answer!r}: a condition is true or false")
    return answer


def shown(text: str, inputs: Mapping[str, Datum]) -> str:
    """The inputs that a condition names, with their values, for people."""
    named = [(name, inputs[name]) for name in names_in(text) if name in inputs]
    return ", ".join(f"{name} = {_short(value)}" for name, value in named)


def _short(value: Datum) -> str:
    text = "absent" if value is ABSENT else json.dumps(_plain(value), default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _plain(value: Datum) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Artifact):
        return {"uri": value.uri, "digest": value.digest, "type": value.type, "metadata": dict(value.metadata)}
    return value


def _items(value: Any) -> int:
    """How many values there are inside `value`, itself included."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_items, inside))


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    """The program; line breaks count as spaces, so that no comment hides what follows it."""
    # Its package loads a command line of its own, some 20 MB, that an operator without conditions need not carry.
    import cel  # noqa: PLC0415

    return _guarded(text, lambda: cel.compile(" ".join(text.splitlines())))


def _run(text: str, context: dict[str, Any]) -> Any:
    return _guarded(text, lambda: _compiled(text).execute(context))


def _guarded(text: str, call: Any) -> Any:
    try:
        return call()
    except KeyError as error:
        raise ConditionError(f"{text!r}: {error} is not there; has() tells whether it is") from None
    except Exception as error:  # noqa: BLE001 - the interpreter raises a dozen kinds
        place = _PLACE.search(str(error))
        said = f"at character {place[1]}: {place[2]}" if place else str(error).partition("\n")[0]
        raise ConditionError(f"{text!r}: {said[:500]}") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the interpreter's; it has no name to import
            raise
        raise ConditionError(f"{text!r}: the interpreter gave up") from None
