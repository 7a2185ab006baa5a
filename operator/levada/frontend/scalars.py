"""What a plain (unquoted) YAML scalar stands for, by the rules of kubectl.

kubectl reads YAML with Go's yaml.v2 and hands it on as JSON. Its rules are neither YAML 1.1 nor 1.2: `1e-3` is a
number, `12:30:00` and `2026-01-01` stay text, `0o17`, `017`, `0x1F` and `0b101` are integers. Source of the rules:
`resolve` in https://github.com/go-yaml/yaml/blob/v2.4.0/resolve.go
"""

import math
import re
from typing import Any

from levada.frontend.mistakes import shorten

INT64 = range(-(2**63), 2**63)
_LONGEST_INTEGER = 100

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    spelling: value
    for value, word in ((True, "true"), (False, "false"))
    for spelling in (word, word.title(), word.upper())
}
_TREACHEROUS = frozenset(
    spelling for word in ("y", "n", "yes", "no", "on", "off") for spelling in (word, word.title(), word.upper())
)
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_LOOSE_UNDERSCORE = re.compile(r"(?<![0-9])_|_(?![0-9])")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class AmbiguousScalarError(ValueError):
    """A scalar that readers of YAML understand differently, or that JSON cannot hold; quotes would settle it.

    `is_letter` where it is `y` or `n`: PyYAML, which writes Kubeflow's documents, reads and writes these as text.
    """

    def __init__(self, message: str, *, is_letter: bool = False) -> None:
        super().__init__(message)
        self.is_letter = is_letter


def resolve(text: str) -> Any:
    """The value of the plain scalar `text`.

    Raises
    ------
    AmbiguousScalarError
        When it should be quoted.
    """
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text in _TREACHEROUS:
        raise AmbiguousScalarError(
            f'{text} is a Boolean to some readers of YAML and text to others: quote it ("{text}")',
            is_letter=len(text) == 1,
        )
    return _number(text) if text[0] in _NUMBER_START else text


def _number(text: str) -> Any:
    if _SPECIAL_FLOAT.fullmatch(text):
        raise AmbiguousScalarError(f'{text} is not a number that JSON can hold: quote it ("{text}")')
    if text[0] == "." and _LOOSE_UNDERSCORE.search(text):
        return text
    plain = text.replace("_", "")
    if integer := _INTEGER.fullmatch(plain):
        return _integer(text, integer)
    number = float(plain) if _FLOAT.fullmatch(plain) else math.inf
    return number if math.isfinite(number) else text


def _integer(text: str, match: re.Match[str]) -> int:
    base = next(name for name in _BASES if match[name] is not None)
    # Python refuses to read thousands of digits at all.
    number = int(match["sign"] + match[base], _BASES[base]) if len(text) <= _LONGEST_INTEGER else INT64.stop
    if number not in INT64:
        raise AmbiguousScalarError(
            f"the integer {shorten(text)} does not fit into 64 bits: quote it to make it a String"
        )
    return number
