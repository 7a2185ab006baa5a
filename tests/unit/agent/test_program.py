"""The agent as the process that it is in a Pod: inputs in place, a signal, outputs stored, a report."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest

from levada.planner.handoff import Assignment, CollectOutput, StageInput, decode_report
from levada.planner.locations import manifest_uri

_PATIENCE = 60


class Agent:
    """One agent with a folder as its store."""

    def __init__(self, folder):
        self.folder = folder
        self.store = folder / "store"
        self.store.mkdir()
        (folder / "settings").mkdir()
        (folder / "settings" / "url").write_text(self.store.as_uri())
        self.root = f"{self.store.as_uri()}/ns/uid/task/0"
        self.ready = folder / "agent" / "ready"
        self.log = folder / "termination"
        self.log.touch()
        self._process = None

    def start(self, *, stage=(), collect=(), assignment=None):
        text = assignment or msgspec.json.encode(Assignment(self.root, list(stage), list(collect))).decode()
        env = os.environ | {
            "LEVADA_ASSIGNMENT": text, "LEVADA_STORE_DIR": str(self.folder / "settings"),
            "LEVADA_READY_FILE": str(self.ready), "LEVADA_TERMINATION_LOG": str(self.log),
        }  # fmt: skip
        self._process = subprocess.Popen([sys.executable, "-m", "levada.agent"], env=env, stderr=subprocess.PIPE)

    def until_ready(self):
        deadline = time.monotonic() + _PATIENCE
        while not self.ready.exists():
            assert self._process.poll() is None, self._process.stderr.read().decode()
            assert time.monotonic() < deadline, "the agent did not become ready"
            time.sleep(0.02)

    def end(self):
        """The report of an agent that was told that the task has ended (or that ended by itself)."""
        if self._process.poll() is None and self.ready.exists():
            self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=_PATIENCE)
        return decode_report(self.log.read_text())

    def put(self, name, content):
        path = self.store / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path.as_uri()

    def out(self, name):
        return CollectOutput(name, "Model", False, str(self.folder / "out" / name / "data"))

    def number(self, name):
        return CollectOutput(name, "Integer", True, str(self.folder / "out" / name / "data"))


@pytest.fixture
def agent(tmp_path):
    made = Agent(tmp_path)
    yield made
    if made._process and made._process.poll() is None:
        made._process.kill()
        made._process.communicate()


def sha(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_inputs_are_in_place_and_read_only_before_the_task_may_begin(agent, tmp_path):
    uri = agent.put("data.csv", b"1,2\n")
    path = tmp_path / "in" / "data"
    agent.start(stage=[StageInput("data", str(path), uri, sha(b"1,2\n"))])
    agent.until_ready()
    assert path.read_bytes() == b"1,2\n"
    assert path.stat().st_mode & 0o222 == 0
    assert agent.end().error is None


def test_outputs_are_stored_with_their_digests_and_the_manifest_comes_last(agent, tmp_path):
    agent.start(collect=[agent.out("model"), agent.number("n")])
    agent.until_ready()
    (tmp_path / "out" / "model" / "data").write_bytes(b"weights")
    (tmp_path / "out" / "model" / "metadata.json").write_text('{"layers": 2}')
    (tmp_path / "out" / "n" / "data").write_text("7")
    report = agent.end()
    model = report.outputs["model"].artifact
    assert (model.digest, model.metadata, report.outputs["n"].text) == (sha(b"weights"), {"layers": 2}, "7")
    assert (agent.store / "ns" / "uid" / "task" / "0" / "model").read_bytes() == b"weights"
    manifest = (agent.store / manifest_uri("ns/uid/task/0")).read_bytes()
    assert sha(manifest) == report.manifest
    assert json.loads(manifest)["outputs"]["model"]["artifact"]["digest"] == sha(b"weights")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.symlink_to("/etc/passwd"), "LinkOutside"),
        (lambda path: path.mkdir() or (path / "up").symlink_to("../../../.."), "LinkOutside"),
        (os.mkfifo, "UnsupportedFile"),
        (lambda path: path.symlink_to("nowhere"), "UnsupportedFile"),
        (lambda path: None, "OutputMissing"),
    ],
    ids=["link-to-file", "link-in-folder", "pipe", "broken-link", "nothing"],
)
def test_an_output_that_cannot_be_taken_is_refused_and_nothing_counts_as_stored(agent, tmp_path, spoil, reason):
    agent.start(collect=[agent.out("model")])
    agent.until_ready()
    spoil(tmp_path / "out" / "model" / "data")
    assert agent.end().error.reason == reason
    assert not (agent.store / manifest_uri("ns/uid/task/0")).exists()


def test_a_value_of_the_wrong_type_is_refused(agent, tmp_path):
    agent.start(collect=[agent.number("n")])
    agent.until_ready()
    (tmp_path / "out" / "n" / "data").write_text("many")
    assert agent.end().error.reason == "InvalidOutput"


@pytest.mark.parametrize(
    ("content", "reason"), [(b"other", "DigestMismatch"), (b"", "DigestMismatch"), (None, "InputGone")],
    ids=["changed", "truncated", "gone"],
)  # fmt: skip
def test_an_input_that_is_not_what_was_recorded_stops_the_task_before_it_begins(agent, tmp_path, content, reason):
    uri = agent.put("data", content) if content is not None else (agent.store / "data").as_uri()
    agent.start(stage=[StageInput("data", str(tmp_path / "in" / "data"), uri, sha(b"right"))])
    report = agent.end()
    assert (report.error.reason, "'data'" in report.error.message) == (reason, True)
    assert not agent.ready.exists()
    assert not (tmp_path / "in" / "data").exists()


def test_a_place_outside_of_the_store_is_never_written(agent, tmp_path):
    elsewhere = Assignment((tmp_path / "elsewhere").as_uri(), [], [agent.number("n")])
    agent.start(assignment=msgspec.json.encode(elsewhere).decode())
    assert agent.end().error.reason == "StoreChanged"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("text", ["{", '{"root": 1}'])
def test_an_assignment_of_another_version_is_named_as_such(agent, text):
    agent.start(assignment=text)
    assert agent.end().error.reason == "InvalidAssignment"


def test_a_folder_goes_there_and_back_with_one_digest(agent, tmp_path):
    agent.start(collect=[agent.out("model")])
    agent.until_ready()
    folder = tmp_path / "out" / "model" / "data"
    (folder / "sub").mkdir(parents=True)
    (folder / "a b.txt").write_text("x")
    (folder / "sub" / "ü").write_bytes(b"")
    model = agent.end().outputs["model"].artifact
    agent.ready.unlink()
    target = tmp_path / "in" / "model"
    agent.start(stage=[StageInput("model", str(target), model.uri, model.digest)])
    agent.until_ready()
    assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == {"a b.txt", "sub/ü"}
    assert agent.end().error is None
