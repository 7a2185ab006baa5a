"""README's figures: one row for each headline."""

import pytest

from bench import page
from bench.results import Result, at_most
from pages import part_of

FAN = Result("fan-1000", "tasks_per_second", [120.0], [130.0])
CHAIN = Result("chain-100", "cpu_ms_per_task", [3.1], [1.5], budget=at_most(2))
IDLE = Result("idle-1000", "idle_cpu_percent", [0.4], budget=at_most(0.5))


@pytest.fixture
def readme(tmp_path, monkeypatch):
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- figures: begin -->\n\n<!-- figures: end -->\nafter\n")
    monkeypatch.setattr(page, "README", file)
    return file


def rows(readme):
    return {row.split("|")[1].strip(): row for row in readme.read_text().splitlines() if row.startswith("| ")}


def test_what_was_not_measured_now_keeps_its_row(readme):
    page.put_headlines([FAN, IDLE])
    before = rows(readme)
    page.put_headlines([CHAIN, Result("idle-1000", "idle_cpu_percent", [0.6], budget=at_most(0.5))])
    after = rows(readme)
    assert "120 tasks/s" in after["1,000 tasks side by side"]
    assert after["1,000 tasks side by side"] == before["1,000 tasks side by side"]
    assert after["an operator at rest beside 1,000 finished runs"].endswith("| 0.6 % of a core |  | <= 0.5: missed |")


def test_rows_stand_in_their_order_whenever_they_were_measured(readme):
    page.put_headlines([IDLE])
    page.put_headlines([CHAIN])
    page.put_headlines([FAN])
    assert list(rows(readme))[1:] == [
        "1,000 tasks side by side",
        "the operator's CPU for a task of a chain",
        "an operator at rest beside 1,000 finished runs",
    ]


def test_what_is_around_the_figures_stays(readme):
    page.put_headlines([FAN])
    text = readme.read_text()
    assert text.startswith("before\n<!-- figures: begin -->\n\n| | Levada |")
    assert text.endswith("|\n\n<!-- figures: end -->\nafter\n")


def test_every_row_of_readme_is_a_headline_that_can_be_measured_anew():
    told = [row.split("|")[1].strip() for row in part_of(page.README, "figures").splitlines()[2:]]
    assert told == [what for what, *_ in page._HEADLINES]
