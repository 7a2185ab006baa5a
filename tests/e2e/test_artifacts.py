"""Files and folders go through the store from task to task."""

from pathlib import Path

import pytest

from e2e.conftest import container

REPO = Path(__file__).parents[2]


def test_the_example_runs_twice_with_different_results(runs, store, kubectl, namespace):
    for file in ("components", "pipeline", "run-a", "run-b"):
        kubectl("apply", "-n", namespace, "-f", REPO / f"manifests/examples/breast-cancer/{file}.yaml")
    results = []
    for name in ("breast-cancer-a", "breast-cancer-b"):
        runs._made.append(name)
        status, tasks = runs.end(name, 240)
        assert status["phase"] == "Succeeded", tasks
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
        'cat "$1"/* | sort -n | sha256sum; test "$(ls "$1" | wc -l)" = 1000; test "$(cat "$1/1000")" = 1000; '
        'test -e "$2"; test ! -s "$2"; ! touch "$1/more"; echo 1 > "$3"',
        {"inputPath": "folder"},
        {"inputPath": "empty"},
        {"outputPath": "ok"},
        inputs=[{"name": "folder", "type": "Dataset"}, {"name": "empty", "type": "Artifact"}],
        outputs=[{"name": "ok", "type": "Integer"}],
    )
    bound = {"folder": {"task": "make", "output": "many files"}, "empty": {"task": "make", "output": "empty"}}
    runs.start("files", {"make": make, "check": check | {"inputs": bound}})
    status, tasks = runs.end("files", 120)
    assert status["phase"] == "Succeeded", tasks
    assert tasks["make"]["outputs"]["many files"]["digest"].startswith("sha256:")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('ln -s /etc/passwd "$1"', "LinkOutside"),
        ('mkdir "$1"; ln -s ../../../../etc "$1/out"', "LinkOutside"),
        ("true", "OutputMissing"),
    ],
)
def test_an_output_that_cannot_be_taken_fails_the_task_and_says_why(runs, store, script, reason):
    runs.start(
        "refused", {"task": container(script, {"outputPath": "model"}, outputs=[{"name": "model", "type": "Model"}])}
    )
    _, tasks = runs.end("refused")
    assert tasks["task"]["reason"] == reason
    assert "model" in tasks["task"]["message"]


def test_text_outputs_keep_every_byte(runs, store):
    task = container(
        'printf "line\\n\\n" > "$1"; echo "[1, 2]" > "$2"',
        {"outputPath": "text"},
        {"outputPath": "list"},
        outputs=[{"name": "text", "type": "String"}, {"name": "list", "type": "List"}],
    )
    outputs = {name: {"task": "task", "output": name} for name in ("text", "list")}
    runs.start("texts", {"task": task}, outputs=outputs)
    status, _ = runs.end("texts")
    assert status["outputs"] == {"text": "line\n\n", "list": [1, 2]}


def test_outputs_too_large_for_the_status_stand_in_a_config_map(runs, store):
    make = container(
        'head -c 60000 /dev/zero | tr "\\0" x > "$1"',
        {"outputPath": "text"},
        outputs=[{"name": "text", "type": "String"}],
    )
    check = container('test "$(wc -c < "$1")" = 60000', {"inputPath": "x"}, inputs=[{"name": "x", "type": "String"}])
    runs.start("bulky", {"make": make, "check": check | {"inputs": {"x": {"task": "make", "output": "text"}}}})
    status, tasks = runs.end("bulky")
    assert status["phase"] == "Succeeded", tasks
    assert status["outputsConfigMaps"] == ["bulky-outputs-0"]


def test_without_a_store_the_task_says_what_is_missing(runs):
    task = container('echo hi > "$1"', {"outputPath": "text"}, outputs=[{"name": "text", "type": "String"}])
    runs.start("storeless", {"task": task})
    _, tasks = runs.end("storeless")
    assert tasks["task"]["reason"] == "NoStore"
    assert "levada-store" in tasks["task"]["message"]
