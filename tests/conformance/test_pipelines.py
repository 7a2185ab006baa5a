"""Pipelines written with the kfp SDK, compiled here, come to what they say: the suite stands without the corpus."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conformance import levada
from conformance.corpus import Document
from conformance.record import PYTHON
from conformance.table import rows_of_pipelines
from conformance.wheels import wheels

_HERE = Path(__file__).parent


if not Path(PYTHON).exists():
    pytest.skip(f"left out, pipelines written with the kfp SDK: there is no {PYTHON}", allow_module_level=True)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compiled")
    argv = [PYTHON, str(_HERE / "compile_pipelines.py"), str(folder)]
    done = subprocess.run(argv, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def surroundings():
    found = wheels()
    found.fill()
    return found.environment


@pytest.mark.parametrize("name", sorted(name for name, _ in rows_of_pipelines()))
def test_a_pipeline_comes_to_what_it_says(name, compiled, surroundings, tmp_path):
    expected = json.loads((compiled / f"{name}.json").read_text())
    found = levada.run_here(Document(name, compiled / f"{name}.yaml"), tmp_path, surroundings)
    assert found["phase"] == expected["phase"], found["message"]
    assert expected.get("said", "") in found["message"]
    assert found["outputs"] == expected["outputs"]
    if expected["phase"] == "Failed":  # by the task that was written to fail, and no other
        assert [task["path"].rpartition(".")[2] for task in found["tasks"] if task["exitCode"]] == ["fail"]
    made = {task["path"]: levada.parameters(task["outputs"]) for task in found["tasks"]}
    assert {path: made.get(path) for path in expected["tasks"]} == expected["tasks"]
