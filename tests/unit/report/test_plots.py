"""Confusion matrices and ROC curves, in every shape that Kubeflow writes them."""

import xml.etree.ElementTree as ET

import pytest

from levada.report.plots import Confusion, confusion_svg, read_confusion, read_roc, roc_svg

SPECS = [{"displayName": "cat"}, {"displayName": "<dog>"}]
ROWS = [{"row": [8, 2]}, {"row": [1, 9]}]
POINTS = [
    {"confidenceThreshold": 0.5, "falsePositiveRate": 0.25, "recall": 0.75},
    {"confidenceThreshold": 0.9, "falsePositiveRate": 0.0, "recall": 0.5},
]


@pytest.mark.parametrize("matrix", [
    {"annotationSpecs": SPECS, "rows": ROWS},
    {"struct": {"annotationSpecs": SPECS, "rows": ROWS}},
    {"annotationSpecs": ["cat", "<dog>"], "rows": [[8, 2], [1, 9]]},
])  # fmt: skip
def test_a_confusion_matrix_is_read(matrix):
    assert read_confusion({"confusionMatrix": matrix}) == Confusion(("cat", "<dog>"), ((8, 2), (1, 9)))


@pytest.mark.parametrize("matrix", [
    None, 7, {}, {"annotationSpecs": SPECS}, {"annotationSpecs": SPECS, "rows": ROWS[:1]},
    {"annotationSpecs": SPECS, "rows": [{"row": [1]}, {"row": [1]}]},
    {"annotationSpecs": SPECS, "rows": [{"row": ["1", "2"]}, {"row": [1, 2]}]},
    {"annotationSpecs": [], "rows": []},
])  # fmt: skip
def test_what_is_no_matrix_is_not_drawn(matrix):
    assert read_confusion({"confusionMatrix": matrix}) is None


@pytest.mark.parametrize("points", [POINTS, {"list": POINTS}, [*POINTS, {"recall": "x"}, 7]])
def test_a_roc_curve_goes_from_corner_to_corner(points):
    roc = read_roc({"confidenceMetrics": points})
    assert roc.points == ((0, 0), (0, 0.5), (0.25, 0.75), (1, 1))
    assert roc.area == pytest.approx(0.25 * 0.625 + 0.75 * 0.875)


@pytest.mark.parametrize("points", [None, [], "x", [{"recall": 1}]])
def test_what_is_no_curve_is_not_drawn(points):
    assert read_roc({"confidenceMetrics": points}) is None


def test_the_drawings_are_svg_with_their_numbers_and_names_escaped():
    text = " ".join(ET.fromstring(confusion_svg(Confusion(("cat", "<dog>"), ((8, 2), (0, 0))))).itertext())
    assert "<dog>" in text
    assert "80%" in text
    drawn = ET.fromstring(roc_svg(read_roc({"confidenceMetrics": POINTS})))
    assert "area 0.8125" in " ".join(drawn.itertext())
