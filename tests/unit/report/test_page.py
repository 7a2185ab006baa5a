"""The page: everything is on it, nothing on it can act."""

import base64
import hashlib
import re
from html import unescape

import pytest

from levada.graph.model import Component, Graph, Task
from levada.report.embed import ALL, ONE, Embedder
from levada.report.page import Subject, report
from levada.report.timeline import timeline
from levada.store.errors import InputGoneError, StoreDeniedError, TooLargeError

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PNG = b"\x89PNG\r\n\x1a\n0000"


def task(path, phase="Succeeded", begin="00", end="05", **fields):
    times = {"startTime": begin and f"2026-01-01T00:00:{begin}Z", "completionTime": end and f"2026-01-01T00:00:{end}Z"}
    empty = {"reason": "", "message": "", "exitCode": None, "pod": None, "attempts": 1, "outputs": {}, "logTail": ""}
    return {"path": path, "phase": phase, **empty, **times, **fields}


def record(name, *tasks, **fields):
    empty = {"reason": "", "message": "", "parameters": {}, "outputs": {}, "counts": {}}
    times = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:01:00Z"}
    return {
        "name": name,
        "namespace": "research",
        "phase": "Succeeded",
        **empty,
        **times,
        "tasks": list(tasks),
        **fields,
    }


def subject(run, content=None):
    tasks = {each["path"]: Task(each["path"], Component({}, {}, "image")) for each in run["tasks"]}
    return Subject(run, Graph({}, tasks), reader(content or {}))


def reader(content):
    def fetch(uri, limit):
        if uri not in content:
            raise InputGoneError(f"nothing at {uri}")
        if len(content[uri]) > limit:
            raise TooLargeError("large")
        return content[uri]

    return fetch


def artifact(name, type_, **metadata):
    return {"uri": f"file:///{name}", "digest": "sha256:12", "type": type_, "metadata": metadata}


def shown(content, **outputs):
    return {each.output: each for each in Embedder(reader(content)).shown(outputs)}


def test_everything_of_a_run_is_on_the_page():
    run = record("flowers-1", task("train", outputs={"accuracy": 0.97, "metrics": artifact("m", "Metrics", loss=0.25)}),
                 task("plot", phase="Failed", exitCode=3, message="no such file"),
                 parameters={"epochs": 5}, outputs={"auc": 0.99})  # fmt: skip
    page = unescape(report([subject(run)]))
    for text in ("flowers-1", "epochs", "auc", "0.99", "0.97", "train.metrics.loss", "exit code 3", "no such file"):
        assert text in page
    assert page.count("data-path='train'") == 2  # in the graph and in the timeline
    assert 'article data-path="train"' in page


@pytest.mark.threat(
    "a task's text becomes HTML in a report",
    holds="all of it is escaped",
)
def test_nothing_that_a_task_wrote_is_markup():
    # The path stays plain: the graph's keys are checked names.
    outputs = {EVIL: EVIL, "a": artifact(EVIL, EVIL, **{EVIL: EVIL})}
    words = {"message": EVIL, "reason": EVIL}
    evil = task("t", pod=EVIL, logTail=EVIL, outputs=outputs, **words)
    run = record("r", evil, parameters={EVIL: EVIL}, outputs={EVIL: {EVIL: [EVIL]}}, phase="Failed", **words)
    page = report([subject(run)])
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.threat(
    "a report calls home",
    holds="its policy forbids every request, and scripts but its own",
)
def test_the_page_forbids_every_request_and_every_script_but_its_own():
    page = report([subject(record("r", task("t")))])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert unescape(policy).split("; ") == [
        "default-src 'none'", f"script-src 'sha256-{digest}'", "style-src 'unsafe-inline'", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)


@pytest.mark.threat(
    "an HTML artifact runs in a report",
    holds="it stands in a sandboxed frame",
)
def test_html_and_markdown_stand_in_frames_that_may_nothing():
    content = {"file:///h": EVIL.encode(), "file:///m": b"# Title\n\n<script>alert(1)</script>"}
    run = record("r", task("t", outputs={"h": artifact("h", "HTML"), "m": artifact("m", "Markdown")}))
    page = report([subject(run, content)])
    frames = re.findall(r'<iframe sandbox="" srcdoc="([^"]*)"', page)
    assert unescape(frames[0]) == EVIL
    assert "<h1>Title</h1>" in unescape(frames[1])
    assert "<script>" not in unescape(frames[1])


@pytest.mark.parametrize(("content", "media"), [
    (PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"<svg xmlns='x'><script/></svg>", "image/svg+xml"),
    (b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
])  # fmt: skip
def test_pictures_are_known_by_their_content(content, media):
    seen = shown({"file:///p": content}, p=artifact("p", "Artifact"))["p"]
    assert seen.picture == f"data:{media};base64,{base64.b64encode(content).decode()}"


def test_other_content_and_other_types_are_not_embedded():
    seen = shown({"file:///p": b"text", "file:///m": PNG}, p=artifact("p", "Artifact"), m=artifact("m", "Model"))
    assert (seen["p"].picture, seen["p"].frame, seen["m"].picture) == ("", "", "")


def test_classification_metrics_are_plotted_from_metadata_or_content():
    facts = {"confusionMatrix": {"annotationSpecs": ["a", "b"], "rows": [[1, 2], [3, 4]]}}
    content = b'{"confusionMatrix": {"annotationSpecs": ["a"], "rows": [[1]]}, "accuracy": 1}'
    seen = shown({"file:///c": content}, m=artifact("m", "ClassificationMetrics", **facts),
                 c=artifact("c", "ClassificationMetrics"))  # fmt: skip
    assert len(seen["m"].plots) == len(seen["c"].plots) == 1
    assert seen["c"].facts == (("accuracy", 1),)


def test_what_cannot_be_shown_says_why():
    def denied(uri, limit):
        raise StoreDeniedError("ask for the role edit")

    (seen,) = Embedder(denied).shown({"h": artifact("h", "HTML")})
    assert seen.note == "not embedded: ask for the role edit"
    assert "larger than 2 MiB" in shown({"file:///h": b"x" * (ONE + 1)}, h=artifact("h", "HTML"))["h"].note
    assert "a folder, or gone" in shown({}, h=artifact("h", "HTML"))["h"].note


def test_the_page_has_a_largest_size():
    count = ALL // ONE + 3
    outputs = {f"h{index}": artifact("h", "HTML") for index in range(count)}
    seen = shown({"file:///h": b"x" * ONE}, **outputs)
    assert [bool(each.frame) for each in seen.values()].count(True) == ALL // ONE
    assert "24 MiB" in seen[f"h{count - 1}"].note


def test_several_runs_are_compared_and_what_differs_is_marked():
    first, second = record("a", parameters={"x": 1, "y": 1}), record("b", parameters={"x": 1, "y": 2})
    page = report([subject(first), subject(second)])
    rows = re.findall(r'<tr( class="differs")?><th scope="row">(\w+)</th>', page)
    assert ("", "x") in rows
    assert (' class="differs"', "y") in rows
    assert 'id="comparison"' not in report([subject(first)])


def test_a_run_without_a_graph_or_tasks_has_a_page_too():
    page = report([Subject(record("r", startTime=None, completionTime=None), None, reader({}))])
    assert "<svg" not in page


def test_the_timeline_has_a_bar_for_each_task_that_started_in_that_order():
    tasks = [task("late", begin="30", end="40"), task("first"), task("never", begin=None, end=None)]
    drawn = timeline(tasks)
    assert re.findall(r"data-path='(\w+)'", drawn) == ["first", "late"]
    assert timeline(tasks[2:]) == ""
