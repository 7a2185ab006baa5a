"""The threats in `docs/security.md` are made from the tests of today."""

from threats.table import PAGE, page, rows


def test_the_page_is_made_from_the_tests_of_today():
    assert PAGE.read_text() == page(), "write it anew: PYTHONPATH=tests .venv/bin/python -m threats.table"


def test_every_threat_says_what_holds():
    assert len(rows()) >= 30
    assert all(row.words[0] and row.more["holds"] for row in rows())
