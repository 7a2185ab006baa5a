"""The feature table of `docs/kfp.md` is that of the tests."""

from conformance.table import PAGE, PLATFORM, REPO, page


def test_the_table_is_made_from_the_tests_of_today():
    assert PAGE.read_text() == page(), "write it anew: PYTHONPATH=tests .venv/bin/python -m conformance.table"


def test_every_file_of_tests_that_the_table_names_is_there():
    for _, file in PLATFORM.values():
        assert (REPO / f"tests/unit/frontend/kfp/test_{file}.py").is_file()
