"""What tasks wrote is shown to whoever reads it, and does nothing to their terminal."""

import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.live import Live
from rich.table import Table
from rich.text import Text

from levada.cli import echo
from levada.cli.console import Console

HOSTILE = "\x1b]0;owned\x07 \x9b2J \u202eeman \x1b[31mred\x1b[0m \r\b"
_LOUD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_control_characters_are_spelled():
    assert echo.visible("a\x1b]0;t\x07b\x9bc") == r"a\u001b]0;t\u0007b\u009bc"
    assert echo.visible("tab\tline\nümläut 😀") == "tab\tline\nümläut 😀"


@given(st.text())
@example(HOSTILE)
def test_json_stays_the_same_json(text):
    printed = echo.visible(json.dumps({"message": text}, ensure_ascii=False))
    assert json.loads(printed) == {"message": text}
    assert not _LOUD.search(printed)


@pytest.mark.threat(
    "a task's text controls the reader's terminal",
    holds="control characters are shown and not obeyed",
)
def test_tables_show_them_as_text():
    table = Table("COLUMN")
    table.add_row(Text(HOSTILE))
    screen = Console(file=io.StringIO(), width=200)
    screen.print(table)
    screen.print(Text(HOSTILE), soft_wrap=True)
    printed = screen.file.getvalue()
    assert not _LOUD.search(printed)
    assert printed.count(r"\u001b]0;owned") == 2


def test_what_moves_the_cursor_for_us_is_left_alone():
    screen = Console(file=io.StringIO(), width=80, force_terminal=True)
    with Live(Text("one"), console=screen, auto_refresh=False) as live:
        live.update(Text(f"two {HOSTILE}"), refresh=True)
    printed = screen.file.getvalue()
    assert "\x1b[2K" in printed
    assert "\x1b]0" not in printed


class Screen(io.StringIO):
    """A stdout that is a terminal, or is not."""

    def __init__(self, is_terminal):
        super().__init__()
        self.buffer = io.BytesIO()
        self.isatty = lambda: is_terminal


def copied(monkeypatch, pieces, *, is_terminal):
    screen = Screen(is_terminal)
    monkeypatch.setattr("sys.stdout", screen)
    echo.copy_log(pieces)
    monkeypatch.undo()
    return screen.buffer.getvalue()


def test_a_log_that_goes_into_a_file_is_that_of_the_task(monkeypatch):
    pieces = [b"\x1b]0;t\x07", bytes(range(256))]
    assert copied(monkeypatch, pieces, is_terminal=False) == b"".join(pieces)


def test_a_log_on_a_terminal_has_its_colours_and_progress_bars_and_no_other_sequences(monkeypatch):
    log = "\x1b[1;31mred\x1b[0m 50%\r100% \x1b]0;title\x07 \x1b[2J \x1b[6n ü\n".encode()
    shown = copied(monkeypatch, [log], is_terminal=True).decode()
    assert shown.startswith("\x1b[1;31mred\x1b[0m 50%\r100% ")
    assert r"\u001b]0;title\u0007 \u001b[2J \u001b[6n ü" in shown
    assert shown.endswith("\x1b[0m")  # a colour does not outlast the log


@pytest.mark.parametrize("at", range(1, 24))
def test_it_does_not_matter_where_a_log_was_cut_into_pieces(monkeypatch, at):
    log = "a\x1b[1;31mü\x1b[0m\x1b]0;t\x07\x1b[".encode() + b"\xff"
    whole = copied(monkeypatch, [log], is_terminal=True)
    assert copied(monkeypatch, [log[:at], log[at:]], is_terminal=True) == whole
