"""Runs side by side."""

import pytest

from levada.report.compare import Row, compare


def task(path, begin=None, end=None, **outputs):
    times = {"startTime": begin and f"2026-01-01T00:00:{begin}Z", "completionTime": end and f"2026-01-01T00:00:{end}Z"}
    return {"path": path, "phase": "Succeeded", "outputs": outputs, **times}


def run(name, *tasks, parameters=(), outputs=(), phase="Succeeded"):
    record = {"name": name, "phase": phase, "parameters": dict(parameters), "outputs": dict(outputs)}
    return {**record, "startTime": None, "completionTime": None, "tasks": list(tasks)}


def artifact(digest, type_="Model", **metadata):
    return {"uri": f"file:///{digest}", "digest": f"sha256:{digest}", "type": type_, "metadata": metadata}


def test_parameters_that_only_one_run_has_differ():
    compared = compare([run("a", parameters={"x": 1, "y": 2}), run("b", parameters={"x": 1, "z": None})])
    assert compared.parameters == (
        Row("x", (1, 1), differs=False),
        Row("y", (2, None), differs=True),
        Row("z", (None, None), differs=False),
    )


def test_true_is_not_1_and_text_is_no_number():
    compared = compare([run("a", parameters={"x": "1", "y": True}), run("b", parameters={"x": 1, "y": 1})])
    assert [row.differs for row in compared.parameters] == [True, True]


def test_artifacts_are_told_apart_by_their_content():
    same = {**artifact("one"), "uri": "file:///elsewhere"}
    compared = compare([run("a", outputs={"m": artifact("one")}), run("b", outputs={"m": same})])
    assert compared.outputs == (Row("m", ("Model sha256:one", "Model sha256:one"), differs=False),)
    compared = compare([run("a", outputs={"m": artifact("one")}), run("b", outputs={"m": artifact("two")})])
    assert compared.outputs[0].differs


def test_metrics_are_what_tasks_recorded_about_artifacts_of_that_type():
    first = run("a", task("train", m=artifact("1", "Metrics", loss=0.1), other=artifact("2", "Model", loss=5)))
    second = run("b", task("train", m=artifact("1", "Metrics", loss=0.2)))
    assert compare([first, second]).metrics == (Row("train.m.loss", (0.1, 0.2), differs=True),)


@pytest.mark.parametrize(("first", "second", "differs"), [
    (("00", "10"), ("00", "11"), False),  # a tenth more
    (("00", "10"), ("00", "15"), True),
    (("00", "00"), ("00", "00"), False),
    ((None, None), ("00", "01"), True),
    ((None, None), (None, None), False),
])  # fmt: skip
def test_durations_are_marked_only_when_the_difference_means_something(first, second, differs):
    compared = compare([run("a", task("train", *first)), run("b", task("train", *second))])
    (row,) = (row for row in compared.durations if row.name == "train")
    assert row.differs is differs


def test_the_document_has_every_section():
    document = compare([run("a"), run("b", phase="Failed")]).document()
    assert document == {
        "runs": ["a", "b"],
        "phases": [{"name": "phase", "values": ["Succeeded", "Failed"], "differs": True}],
        "parameters": [],
        "outputs": [],
        "metrics": [],
        "durations": [{"name": "(run)", "values": [None, None], "differs": False}],
    }
