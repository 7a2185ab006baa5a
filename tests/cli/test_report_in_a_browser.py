"""The report as a person sees it: in a real browser, clicked at, and with nothing that leaves the page."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from cli.browser import chromium
from levada.graph.model import Component, Graph, Output, Task, TaskOutput
from levada.report.page import Subject, report

WAIT = 60
COMPONENT = Component({}, {"out": Output("out", "String", is_parameter=True)}, "image")
GRAPH = Graph({}, {
    "train": Task("train", COMPONENT),
    "plot": Task("plot", COMPONENT, {"a": TaskOutput("train", "out")}),
    "score": Task("score", COMPONENT, {"a": TaskOutput("train", "out")}),
})  # fmt: skip


@pytest.fixture
def outside():
    """A server on this machine that a page could reach; it remembers who asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):  # the library's name
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def task(path, begin, end, outputs=None, **fields):
    empty = {
        "phase": "Succeeded",
        "reason": "",
        "message": "",
        "exitCode": None,
        "pod": None,
        "attempts": 1,
        "logTail": "",
    }
    times = {"startTime": f"2026-01-01T00:00:{begin}Z", "completionTime": f"2026-01-01T00:00:{end}Z"}
    return {"path": path, **empty, **times, "outputs": outputs or {}, **fields}


def page(outside):
    """A page with artifacts that try everything to be noticed."""
    html = f"""<h1 id=seen>A plot</h1><style>@import url({outside}/css);</style><img src="{outside}/img">
        <script>parent.document.title = 'taken'; new Image().src = '{outside}/script';</script>
        <meta http-equiv=refresh content="0;url={outside}/refresh"><iframe src="{outside}/frame"></iframe>
        <svg onload="fetch('{outside}/onload')"></svg><a id=link href="{outside}/link">a link</a>
        <a id=out href="{outside}/out" target=_top>out</a>"""
    markdown = f"# A text\n\n![]({outside}/markdown)\n\n<script>fetch('{outside}/raw')</script>"
    content = {"file:///h": html.encode(), "file:///m": markdown.encode()}
    matrix = {"annotationSpecs": [{"displayName": "cat"}, {"displayName": "dog"}], "rows": [[8, 2], [1, 9]]}
    facts = {"confusionMatrix": matrix, "confidenceMetrics": [{"falsePositiveRate": 0.1, "recall": 0.8}]}
    tasks = [
        task("train", "00", "20", {"loss": 0.25, "facts": {"uri": "file:///f", "type": "ClassificationMetrics",
                                                           "metadata": facts}}),
        task("plot", "20", "25", {"html": {"uri": "file:///h", "type": "HTML"}}),
        task("score", "20", "31", {"text": {"uri": "file:///m", "type": "Markdown"}}, phase="Failed", exitCode=3),
    ]  # fmt: skip
    record = {"name": "flowers-1", "namespace": "research", "phase": "Failed", "reason": "TaskFailed", "tasks": tasks,
              "message": "task score failed", "parameters": {"epochs": 5}, "outputs": {}, "counts": {},
              "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:31Z"}  # fmt: skip
    return report([Subject(record, GRAPH, lambda uri, limit: content[uri])])


def visible(browser):
    return [each.get_dom_attribute("data-path") for each in browser.find_elements(By.TAG_NAME, "article")
            if each.is_displayed()]  # fmt: skip


def test_a_task_is_clicked_and_no_request_leaves(tmp_path, outside):
    address, asked = outside
    file = Path(tmp_path / "report.html")
    file.write_text(page(address), encoding="utf-8")
    with chromium(tmp_path / "profile") as browser:
        browser.get("about:blank")
        browser.get_log("performance")  # what the browser itself opens first is not meant
        browser.get(file.as_uri())
        assert visible(browser) == ["score"]  # what failed is what one wants to see

        browser.find_element(By.CSS_SELECTOR, ".graph g.task[data-path='plot']").click()
        assert visible(browser) == ["plot"]
        frame = browser.find_element(By.CSS_SELECTOR, "article[data-path='plot'] iframe")
        browser.switch_to.frame(frame)
        WebDriverWait(browser, WAIT).until(lambda browser: browser.find_element(By.ID, "seen").text == "A plot")
        for link in ("out", "link"):  # the second leads the frame itself away, if anything does
            browser.execute_script("arguments[0].click()", browser.find_element(By.ID, link))
        browser.switch_to.default_content()

        browser.find_element(By.CSS_SELECTOR, ".timeline g.task[data-path='train']").click()
        assert visible(browser) == ["train"]
        assert len(browser.find_elements(By.CSS_SELECTOR, "article[data-path='train'] .plot svg")) == 2
        browser.get_screenshot_as_file(str(tmp_path / "report.png"))

        messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        answers = [message["params"]["response"]["url"] for message in messages
                   if message["method"] == "Network.responseReceived"]  # fmt: skip
        assert browser.title == "flowers-1"
        assert browser.current_url == file.as_uri()
    assert file.as_uri() in answers
    assert not [url for url in answers if url.startswith("http")]
    assert asked == []
