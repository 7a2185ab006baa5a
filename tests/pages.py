"""Pages of the docs that are made from the tests: what a test says of itself, and where on a page that stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
_TESTS = REPO / "tests"


@dataclass(frozen=True)
class Marked:
    """A test with a marker: `pytest.mark.fault("what happens", seen="...")` has `words` and `more`."""

    test: str
    file: str
    words: tuple[str, ...]
    more: dict[str, Any]


def marked(marker: str) -> Iterator[Marked]:
    """The tests that have this marker, by file. They are read, not imported: some need a cluster."""
    for source in sorted(_TESTS.rglob("test_*.py")):
        for test in ast.walk(ast.parse(source.read_text())):
            if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in _calls(test, marker):
                    words = tuple(ast.literal_eval(word) for word in call.args)
                    more = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
                    yield Marked(test.name, str(source.relative_to(REPO)), words, more)


def _calls(test: ast.FunctionDef | ast.AsyncFunctionDef, marker: str) -> Iterator[ast.Call]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == f"pytest.mark.{marker}":
            yield mark


def with_part(page: Path, name: str, part: str) -> str:
    """The text of `page` with `part` between its comments `name: begin` and `name: end`."""
    before, _, after = _around(page, name)
    begin, end = _comments(name)
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


def part_of(page: Path, name: str) -> str:
    """What stands there now."""
    return _around(page, name)[1].strip()


def _around(page: Path, name: str) -> tuple[str, str, str]:
    """What is before the first comment, between the two and after the second."""
    begin, end = _comments(name)
    before, _, rest = page.read_text().partition(begin)
    part, _, after = rest.partition(end)
    return before, part, after


def _comments(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
