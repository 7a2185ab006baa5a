"""Printing what tasks and other people wrote: it may not speak to the reader's terminal.

A message, a name or a log can hold control sequences, which retitle a terminal, hide lines or answer for its user.
"""

import codecs
import re
import sys
from collections.abc import Iterable
from typing import IO, Any

import click

# C0 but for tab and line feed, DEL, C1, and marks that turn the direction of text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Of a log colours may stay, and the carriage returns of progress bars.
_COLOUR = re.compile("\x1b\\[[0-9;:]*m")
_CUT_SHORT = re.compile("\x1b(\\[[0-9;:]*)?$")
_HARMLESS = "\r"
_PLAIN = b"\x1b[0m"


def visible(text: str) -> str:
    r"""`text` with its control characters spelled as `\u001b`: what is JSON stays the same JSON."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def echo(text: str = "", *, file: IO[Any] | None = None, nl: bool = True, err: bool = False) -> None:
    """Print `text` on stdout, or on stderr."""
    click.echo(visible(text), file=file, nl=nl, err=err)  # noqa: TID251  # this is the place


def copy_log(pieces: Iterable[bytes]) -> None:
    """Print a log: into a file or a pipe as it is, on a terminal with everything visible but colours."""
    out = sys.stdout.buffer
    for piece in _visible_log(pieces) if sys.stdout.isatty() else pieces:
        out.write(piece)
        out.flush()


def _visible_log(pieces: Iterable[bytes]) -> Iterable[bytes]:
    decoder, rest = codecs.getincrementaldecoder("utf-8")("backslashreplace"), ""
    for piece in pieces:
        text = rest + decoder.decode(piece)
        cut = _CUT_SHORT.search(text)
        rest = text[cut.start() :] if cut else ""  # the end of a colour may come with the next piece
        yield _visible_but_colours(text[: len(text) - len(rest)]).encode()
    yield visible(rest + decoder.decode(b"", final=True)).encode() + _PLAIN


def _visible_but_colours(text: str) -> str:
    def shown(part: str) -> str:
        return "".join(piece if piece == _HARMLESS else visible(piece) for piece in re.split(f"({_HARMLESS})", part))

    colours = _COLOUR.findall(text)
    return "".join(shown(part) + colour for part, colour in zip(_COLOUR.split(text), [*colours, ""], strict=True))
