"""The example's scripts, run as the processes that they are in a Pod, give the numbers that the README shows."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from unit.examples.pipeline_process import Example, digest

Outputs = dict[str, dict[str, Path]]


@pytest.fixture(scope="module")
def example() -> Example:
    return Example.load("breast-cancer")


@pytest.fixture(scope="module")
def run_a(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    return example.execute("breast-cancer-a", tmp_path_factory.mktemp("a"))


@pytest.fixture(scope="module")
def run_b(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    return example.execute("breast-cancer-b", tmp_path_factory.mktemp("b"))


def number(path: Path) -> float:
    return float(path.read_text())


def test_the_two_runs_differ_in_exactly_one_parameter(example: Example) -> None:
    a, b = (run["parameters"] for run in example.runs.values())
    assert len(example.runs) == 2
    assert len(set(a.items()) ^ set(b.items())) == 2


def test_five_epochs_give_a_fair_model(run_a: Outputs) -> None:
    assert number(run_a["predict"]["accuracy"]) == pytest.approx(162 / 171)
    assert number(run_a["roc-curve"]["auc"]) == pytest.approx(0.988, abs=5e-4)


def test_fifty_epochs_give_a_better_one(run_b: Outputs) -> None:
    assert number(run_b["predict"]["accuracy"]) == pytest.approx(165 / 171)
    assert number(run_b["roc-curve"]["auc"]) == pytest.approx(0.9934, abs=5e-4)


def test_the_same_run_again_gives_the_same_bytes(run_a: Outputs, example: Example, tmp_path: Path) -> None:
    again = example.execute("breast-cancer-a", tmp_path)
    changed = [
        f"{task}.{output}"
        for task, outputs in run_a.items()
        for output, path in outputs.items()
        if digest(path) != digest(again[task][output])
    ]
    assert not changed


def test_another_parameter_leaves_the_data_set_alone_and_changes_the_model(run_a: Outputs, run_b: Outputs) -> None:
    assert digest(run_a["preprocess"]["dataset"]) == digest(run_b["preprocess"]["dataset"])
    assert digest(run_a["train"]["model"]) != digest(run_b["train"]["model"])


def test_the_data_set_is_a_folder_and_its_metadata_counts_the_samples(run_a: Outputs) -> None:
    dataset = run_a["preprocess"]["dataset"]
    assert sorted(file.name for file in dataset.iterdir()) == ["test.csv", "train.csv"]
    assert json.loads(dataset.with_name("metadata.json").read_text()) == {"train": 398, "test": 171, "features": 30}


def test_metrics_hold_the_loss_of_every_epoch_and_show_the_last_as_metadata(run_b: Outputs) -> None:
    metrics = json.loads(run_b["train"]["metrics"].read_text())
    shown = json.loads(run_b["train"]["metrics"].with_name("metadata.json").read_text())
    assert len(metrics["loss"]) == 50
    assert metrics["loss"] == sorted(metrics["loss"], reverse=True)
    assert shown == metrics | {"loss": metrics["loss"][-1]}


class Page(HTMLParser):
    """What an outsider can say about a page: its elements, and every address that it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: dict[str, list[dict[str, str | None]]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.setdefault(tag, []).append(dict(attrs))


@pytest.mark.parametrize("task", ["confusion-matrix", "roc-curve"])
def test_a_plot_is_one_page_that_loads_nothing_and_can_be_read_aloud(task: str, run_b: Outputs) -> None:
    text = run_b[task]["plot"].read_text()
    page = Page(text)
    loads = [a for tags in page.attributes.values() for tag in tags for a in tag if a in ("src", "href")]
    (picture,) = page.attributes["svg"]
    assert not loads
    assert "url(" not in text
    assert picture["role"] == "img"
    assert f"id={picture['aria-labelledby']}>" in text
    assert "table" in page.attributes
    assert page.attributes["html"] == [{"lang": "en"}]


def test_the_matrix_says_how_many_tumours_were_told_apart(run_b: Outputs) -> None:
    assert "Of 171 tumours 165 are classified correctly" in run_b["confusion-matrix"]["plot"].read_text()
