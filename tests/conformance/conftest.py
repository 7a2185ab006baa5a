"""What the tests of conformance share; and `build/conformance.json`, which says what became of each document."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cluster.paths import REPO
from conformance.corpus import Document

pytest.register_assert_rewrite("conformance.judging")

_FILE = REPO / "build" / "conformance.json"
_WORD = "conformance"
_told: list[dict[str, Any]] = []


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[..., dict[str, Any]]:
    """`tell(document, "local", "Succeeded", found)` keeps what was expected of a run and what it came to."""

    def tell_(document: Document, engine: str, expected: str, found: dict[str, Any]) -> dict[str, Any]:
        why = found["message"] if found["phase"] != "Succeeded" else ""
        entry = {"document": f"{document.name}.yaml", "engine": engine, "expected": expected, "result": found["phase"]}
        record_property(_WORD, entry | {"reason": why})
        return found

    return tell_


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Where tests run in several processes, this is called in that which started them, too."""
    if report.when == "call":
        _told.extend(value for name, value in report.user_properties if name == _WORD)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Add what was told; of each document and engine the last word counts."""
    if hasattr(session.config, "workerinput") or not _told:
        return
    kept = json.loads(_FILE.read_text()) if _FILE.exists() else []
    entries = {(entry["document"], entry["engine"]): entry for entry in [*kept, *_told]}
    _FILE.parent.mkdir(exist_ok=True)
    _FILE.write_text(json.dumps([entries[key] for key in sorted(entries)], indent=1) + "\n")
