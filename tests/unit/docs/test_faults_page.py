"""`docs/reference/faults.md` is made from the tests of today."""

from collections import Counter

from faults.table import PAGE, page, rows_of_markers, rows_of_requests


def test_the_page_is_made_from_the_tests_of_today():
    assert PAGE.read_text() == page(), "write it anew: PYTHONPATH=tests .venv/bin/python -m faults.table"


def test_every_fault_has_a_name_of_its_own_and_says_what_happens_and_what_is_seen():
    rows = [*rows_of_requests(), *rows_of_markers()]
    names = Counter(row.name for row in rows)
    assert len(rows) >= 40
    assert set(names.values()) == {1}
    assert all(row.happens and row.seen for row in rows)
