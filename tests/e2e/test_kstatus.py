"""kstatus, by which Flux and Helm judge, agrees with what Levada says of an object, at every moment of its life.

A watch records every state of every object, from its creation until it is gone; the judge is kstatus itself.
"""

import json
import os
import subprocess

import pytest

from cluster.binaries import program
from cluster.paths import VENV
from e2e.runs import condition, container, kind

_EXPECTED = {
    None: "InProgress",  # nobody has looked at it yet
    "Pending": "InProgress",
    "Running": "InProgress",
    "Succeeded": "Current",
    "Failed": "Failed",
    "WaitingForReference": "InProgress",
    "Valid": "Current",
    "InvalidSpec": "Failed",
}
_NUMBER = {"outputs": [{"name": "n", "type": "Integer"}]}


class Recorder:
    """Every state of the test's objects, as `kubectl get --watch` tells them."""

    def __init__(self, cluster, namespace, folder):
        self._files, self._watches = [], []
        for plural in ("pipelineruns", "pipelines", "components"):
            file = (folder / plural).open("w+")
            argv = [VENV / "bin" / "kubectl", "get", f"{plural}.levada.dev", "-n", namespace, "-w",
                    "--output-watch-events", "-o", "json"]  # fmt: skip
            environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
            self._watches.append(subprocess.Popen(argv, env=environment, stdout=file))
            self._files.append(file)

    def states(self):
        decoder, found = json.JSONDecoder(), []
        for file in self._files:
            file.seek(0)
            text = file.read().strip()
            while text:
                try:
                    event, end = decoder.raw_decode(text)
                except json.JSONDecodeError:
                    break  # the last one is still being written
                found.append(event)
                text = text[end:].lstrip()
        return found

    def gone(self, name):
        return any(e["type"] == "DELETED" and e["object"]["metadata"]["name"] == name for e in self.states())

    def stop(self):
        for watch, file in zip(self._watches, self._files, strict=True):
            watch.kill()
            watch.wait()
            file.close()


@pytest.fixture
def recorder(cluster, namespace, tmp_path):
    recorder = Recorder(cluster, namespace, tmp_path)
    yield recorder
    recorder.stop()


def judged_by_kstatus(objects):
    """What kstatus says of each object."""
    judge = program("kstatus")
    if not judge.exists():
        pytest.skip("left out, kstatus: `make cluster-up` has not built it")
    text = "\n".join(json.dumps(each) for each in objects)
    done = subprocess.run([judge], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line)["status"] for line in done.stdout.splitlines()]


def stage_of(recorded):
    """What Levada says of the object, and what kstatus has to make of it."""
    status, metadata = recorded.get("status", {}), recorded["metadata"]
    says = status.get("phase") or condition(status, "Ready").get("reason")
    return says, "Terminating" if "deletionTimestamp" in metadata else _EXPECTED[says]


def test_kstatus_agrees_at_every_stage(recorder, runs, kubectl, namespace, wait_for):
    component = container('printf 7 > "$1"', {"outputPath": "n"}, **_NUMBER)["componentSpec"]
    pipeline = {"tasks": [{"name": "one", "componentRef": {"name": "seven"}}]}
    broken = {"tasks": [{"name": "one", "componentRef": {"name": "seven"}, "inputs": {"nothing": {"value": 1}}}]}
    started = {"name": "restored", "annotations": {"levada.dev/started-uid": "another"}}
    runs.apply(
        kind("PipelineRun", "good", {"pipelineRef": {"name": "seven"}}),
        kind("PipelineRun", "invalid", {"pipelineSpec": broken | {"outputs": {"n": {"task": "two", "output": "n"}}}}),
        kind("PipelineRun", started, {"pipelineRef": {"name": "seven"}}),
        kind("Pipeline", "seven", pipeline),
        kind("Pipeline", "broken", broken),
    )
    runs.start("bad", {"one": container("exit 1")})
    runs.start(
        "deleted",
        {"one": container("trap 'exit 0' TERM; while :; do sleep 0.2; done")},
        finalizers=["example.com/hold"],
    )
    runs.until("good", lambda status: status.get("phase") == "Pending", "it waits for its component")
    runs.apply(kind("Component", "seven", component))
    runs.succeed("good")
    for name in ("bad", "invalid", "restored"):
        status, _ = runs.end(name)
        assert status["phase"] == "Failed"
    runs.running("deleted")
    for name in ("good", "bad", "deleted"):
        runs.delete(name)
    runs.until("deleted", lambda status: status.get("phase") == "Cancelled", "it is stopped")
    kubectl(
        "patch", "pipelinerun", "deleted", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )
    wait_for(lambda: all(recorder.gone(name) for name in ("good", "bad", "deleted")), "the watch sees the ends")
    recorded = [event["object"] for event in recorder.states()]
    stages = [stage_of(each) for each in recorded]
    judged = judged_by_kstatus(recorded)
    wrong = [(each["kind"], each["metadata"]["name"], says, expected, verdict)
             for each, (says, expected), verdict in zip(recorded, stages, judged, strict=True)
             if verdict != expected]  # fmt: skip
    assert not wrong
    # And every stage has been seen, so that each was judged.
    seen = {(each["kind"], says) for each, (says, _) in zip(recorded, stages, strict=True)}
    assert {
        ("PipelineRun", phase) for phase in (None, "Pending", "Running", "Succeeded", "Failed", "Cancelled")
    } <= seen
    assert {("Pipeline", reason) for reason in (None, "WaitingForReference", "Valid", "InvalidSpec")} <= seen
    assert {("Component", reason) for reason in (None, "Valid")} <= seen
    assert "Terminating" in judged
