"""`docs/reference/faults.md`, made from the tests: `python -m faults.table` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from faults.catalogue import REQUESTS
from pages import REPO, marked

PAGE = REPO / "docs" / "reference" / "faults.md"
_OF_REQUESTS = "tests/faults/test_requests.py"
_HEAD = """# Faults

What goes wrong in the tests, on a real API server and kubelet, and what is seen of it. In every one the run ends as it
would have without (where the fault is not the run's own end), no task runs twice, and the promises of
`tests/invariants` hold over all that could be watched. `tests/simulation` plays such faults in random order besides.

Between the operator and the API server stands a proxy (`tests/faults/proxy.py`) that does the first {of_requests} of
these {count}, and those of watches; the run that they happen to is a task, one that takes its value, and one that is
tried again.
"""


@dataclass(frozen=True)
class Row:
    """One named fault."""

    name: str
    happens: str
    seen: str
    test: str

    def __str__(self) -> str:
        return f"| {self.name} | {self.happens} | {self.seen} | `{self.test}` |"


def page() -> str:
    """The page as it should be."""
    rows = [*rows_of_requests(), *rows_of_markers()]
    head = _HEAD.format(of_requests=len(REQUESTS), count=len(rows))
    return "\n".join([head, "| fault | what happens | what is seen | test |", "|---|---|---|---|", *map(str, rows), ""])


def rows_of_requests() -> Iterator[Row]:
    """The faults of single requests."""
    for name, (kind, moment) in REQUESTS.items():
        yield Row(name, f"{moment.words}: {kind.words}", kind.seen, _OF_REQUESTS)


def rows_of_markers() -> Iterator[Row]:
    """The tests that are marked `fault`."""
    for found in marked("fault"):
        name = found.test.removeprefix("test_").replace("_", " ")
        yield Row(name, found.words[0], found.more["seen"], found.file)


if __name__ == "__main__":
    PAGE.write_text(page())
