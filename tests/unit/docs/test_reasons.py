"""`docs/reference/reasons.md` and the code know the same reasons, and say the same of whose failure each is."""

import re
from pathlib import Path

import pytest

from levada.planner import hints, reasons, refusal, sighting
from levada.store.errors import REASONS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "reasons.md"
FAILED, NEVER_RAN, OF_RUNS, PENDING = (
    [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"^\| [A-Z].*", part, re.MULTILINE)]
    for part in PAGE.read_text().split("\n## ")[1:]
)
WORDS = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
OF_THE_API_SERVER = {
    refusal.refusal_of(403, text).reason
    for text in ("no", *(f"x {sign} y" for sign, *_ in refusal._FORBIDDEN))
} | {refusal.refusal_of(500, "").reason}  # fmt: skip
HINTS = {*sighting._HINTS, *hints._MEANINGS, "Unschedulable", "Staging"}
WITHOUT_A_CONSTANT = {"Running", "Succeeded", "Valid"}


def test_every_reason_has_one_row():
    documented = [row[0] for table in (FAILED, NEVER_RAN, OF_RUNS, PENDING) for row in table]
    known = WORDS | REASONS | OF_THE_API_SERVER | HINTS | WITHOUT_A_CONSTANT
    assert sorted(known - set(documented)) == [], f"add rows to {PAGE.name}"
    assert sorted(set(documented) - known) == [], f"remove rows from {PAGE.name}"
    assert len(documented) == len(set(documented))


def test_whatever_a_store_says_can_fail_a_task():
    assert {row[0] for row in FAILED} >= REASONS


@pytest.mark.parametrize("row", FAILED, ids=lambda row: row[0])
def test_whose_failure_it_is_and_what_it_costs_is_as_the_planner_decides(row):
    reason, whose, further, meaning, cure = row
    assert (whose == "nobody") == reasons.is_infrastructure(reason)
    assert int(further) == reasons.further_attempts(reason)
    assert meaning
    assert cure
