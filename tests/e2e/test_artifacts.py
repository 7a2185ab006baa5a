"""Files and folders go through the store from task to task."""

import json
from pathlib import Path

import pytest

from e2e.runs import container

REPO = Path(__file__).parents[2]
MODEL = [{"name": "model", "type": "Model"}]
BOUND = {"inputs": {"model": {"task": "make", "output": "model"}}}


def test_the_example_runs_twice_with_different_results(runs, store, kubectl, namespace):
    for file in ("components", "pipeline", "run-a", "run-b"):
        kubectl("apply", "-n", namespace, "-f", REPO / f"manifests/examples/breast-cancer/{file}.yaml")
    runs.watch("breast-cancer-a", "breast-cancer-b")
    results = []
    for name in ("breast-cancer-a", "breast-cancer-b"):
        status, tasks = runs.succeed(name, 240)
        results.append(status["outputs"])
        assert all(0.9 < status["outputs"][score] <= 1 for score in ("accuracy", "auc"))
        last = [tasks["confusion-matrix"], tasks["roc-curve"]]
        assert max(task["startTime"] for task in last) <= min(task["completionTime"] for task in last)
    assert results[0] != results[1]


def test_a_folder_of_a_thousand_files_and_an_empty_file_arrive_whole(runs, store):
    make = container(
        'mkdir "$1"; for i in $(seq 1000); do echo $i > "$1/$i"; done; : > "$2"',
        {"outputPath": "many files"},
        {"outputPath": "empty"},
        outputs=[{"name": "many files", "type": "Dataset"}, {"name": "empty"}],
    )
    check = container(
        'test "$(ls "$1" | wc -l)" = 1000; test "$(cat "$1"/* | sort -n)" = "$(seq 1000)"; '
        'test -e "$2"; test ! -s "$2"; ! touch "$1/more"; echo 1 > "$3"',
        {"inputPath": "folder"},
        {"inputPath": "empty"},
        {"outputPath": "ok"},
        inputs=[{"name": "folder", "type": "Dataset"}, {"name": "empty", "type": "Artifact"}],
        outputs=[{"name": "ok", "type": "Integer"}],
    )
    bound = {"folder": {"task": "make", "output": "many files"}, "empty": {"task": "make", "output": "empty"}}
    runs.start("files", {"make": make, "check": check | {"inputs": bound}})
    _, tasks = runs.succeed("files")
    assert tasks["make"]["outputs"]["many files"]["digest"].startswith("sha256:")


def test_a_gibibyte_passes_an_agent_of_128_mebibytes(runs, store, bucket):
    script = """
import os, sys
block = os.urandom(1 << 20)
with open(sys.argv[1], "wb") as file:
    for number in range(1024):
        file.write(number.to_bytes(4, "big") + block[4:])
"""
    python = ["python3", "-c"]
    make = container("", {"outputPath": "model"}, outputs=MODEL, container={"command": [*python, script]})
    check = container(
        'test "$(stat -c %s "$1")" = 1073741824; sha256sum < "$1" | cut -c1-64 > "$2"',
        {"inputPath": "model"},
        {"outputPath": "digest"},
        inputs=MODEL,
        outputs=[{"name": "digest", "type": "String"}],
    )
    runs.start("gibibyte", {"make": make, "check": check | BOUND})
    _, tasks = runs.succeed("gibibyte", 400)
    assert tasks["make"]["outputs"]["model"]["digest"] == f"sha256:{tasks['check']['outputs']['digest'].strip()}"
    assert {task["attempts"] for task in tasks.values()} == {1}
    for pod in runs.pods("gibibyte"):
        (agent,) = pod["spec"]["initContainers"]
        assert agent["resources"]["limits"]["memory"] == "128Mi"
        (status,) = pod["status"]["initContainerStatuses"]
        assert (status["restartCount"], status["state"]["terminated"]["exitCode"]) == (0, 0)
    bucket.delete(tasks["make"]["outputs"]["model"]["uri"].removeprefix("s3://levada/"))


def test_metadata_beside_an_output_goes_with_the_artifact(runs, store):
    script = """echo weights > "$1"; printf '{"epochs": 3, "by": {"name": "Ada"}}' > "$(dirname "$1")/metadata.json\""""
    make = container(script, {"outputPath": "model"}, outputs=MODEL)
    runs.start("described", {"make": make}, outputs={"model": {"task": "make", "output": "model"}})
    status, _ = runs.succeed("described")
    model = status["outputs"]["model"]
    assert (model["type"], model["metadata"]) == ("Model", {"epochs": 3, "by": {"name": "Ada"}})


@pytest.mark.fault(
    "an artifact is changed in the store, or cut short", seen="whoever reads it fails, with both digests"
)
@pytest.mark.parametrize("content", [b"evil\n", b"go"], ids=["changed", "cut-short"])
def test_an_artifact_that_was_changed_in_the_store_fails_who_reads_it(runs, store, bucket, kubectl, namespace, content):
    make = container('echo good > "$1"', {"outputPath": "model"}, outputs=MODEL)
    read = container("true", {"inputPath": "model"}, inputs=MODEL)
    runs.start("tampered", {"make": make, "wait": {"approval": {}}, "read": read | BOUND | {"after": ["wait"]}})
    done = runs.until("tampered", lambda status: status.get("counts", {}).get("succeeded"), "the model is made")
    made = next(task for task in done["tasks"] if task["path"] == "make")
    bucket.put(made["outputs"]["model"]["uri"].removeprefix("s3://levada/"), content)
    go_on = [
        {"op": "add", "path": "/spec/approvals", "value": [{"task": "wait", "decision": "Approved", "by": "admin"}]}
    ]
    kubectl("patch", "pipelinerun", "tampered", "-n", namespace, "--type=json", "-p", json.dumps(go_on))
    _, tasks = runs.end("tampered")
    assert tasks["read"]["reason"] == "DigestMismatch"
    assert made["outputs"]["model"]["uri"] in tasks["read"]["message"]
    assert tasks["read"]["attempts"] == 1
    assert not [pod for pod in runs.starts() if "-read-" in pod]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('ln -s /etc/passwd "$1"', "LinkOutside"),
        ('mkdir "$1"; ln -s ../../../../etc "$1/out"', "LinkOutside"),
        ("true", "OutputMissing"),
    ],
    ids=["link-to-a-file", "folder-with-a-link", "missing"],
)
def test_an_output_that_cannot_be_taken_fails_the_task_and_says_why(runs, store, script, reason):
    runs.start("refused", {"task": container(script, {"outputPath": "model"}, outputs=MODEL)})
    _, tasks = runs.end("refused")
    assert tasks["task"]["reason"] == reason
    assert "model" in tasks["task"]["message"], json.dumps(tasks["task"])


def test_text_outputs_keep_every_byte(runs, store):
    task = container(
        'printf "line\\n\\n" > "$1"; echo "[1, 2]" > "$2"',
        {"outputPath": "text"},
        {"outputPath": "list"},
        outputs=[{"name": "text", "type": "String"}, {"name": "list", "type": "List"}],
    )
    outputs = {name: {"task": "task", "output": name} for name in ("text", "list")}
    runs.start("texts", {"task": task}, outputs=outputs)
    status, _ = runs.succeed("texts")
    assert status["outputs"] == {"text": "line\n\n", "list": [1, 2]}
