"""What `levada convert` makes of compiled pipelines runs with the same result; of the rest each has its reason."""

import os
import subprocess
from pathlib import Path

import pytest

from conformance import levada
from conformance.corpus import CORPUS, Document
from conformance.record import PYTHON
from conformance.wheels import wheels
from levada.frontend.convert.documents import convert
from levada.frontend.documents import read_documents
from levada.frontend.yaml_text import yaml_text

_HERE = Path(__file__).parent
_BOTH_WAYS = ("branches", "container_pipeline", "dependents_of_a_failure", "exit_handler", "imported")
"""Conditions, containers, failures, final status, importers and text with values: quick ones of each."""
_OPTIONS = "options of its Pod come from inputs or other tasks"
_CLAIM = "a PersistentVolumeClaim, which cannot be said natively"
_LISTS = "is an artifact of type List[List["
REFUSED = {
    "platform": _CLAIM,
    "workspace": _CLAIM,
    "lifetime": "ttlAfterFinished",
    "endings": "fall back on their defaults where another task failed",
    "valid/artifacts_complex": _LISTS,
    "valid/collected_artifacts": _LISTS,
    "valid/critical/missing_kubernetes_optional_inputs": _OPTIONS,
    "valid/critical/pipeline_with_secret_as_env": _OPTIONS,
    "valid/critical/pipeline_with_volume_long_name": _CLAIM,
    "valid/critical/pipeline_with_workspace": _CLAIM,
    "valid/parallel_and_nested/nested_parallel_for_secret": _OPTIONS,
    "valid/parallel_and_nested/parallel_for_mount_pvc": _CLAIM,
    "valid/parallel_and_nested/parallel_for_secret": _OPTIONS,
    "valid/pipeline_with_string_machine_fields_task_output": "come from an input",
    "valid/pipeline_with_volume_no_cache": _CLAIM,
    "valid/pvc_mount": _OPTIONS,
}
"""The documents that are not converted, and why."""


def converted(path):
    documents, unreadable = read_documents(path.name, path.read_bytes())
    assert unreadable == []
    return convert(documents)


def check(name, path):
    """A document is converted, or refused for its reason in the table."""
    _, mistakes = converted(path)
    told = "\n".join(map(str, mistakes))
    assert bool(told) == (name in REFUSED), told
    assert REFUSED.get(name, "") in told


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    if not Path(PYTHON).exists():
        pytest.skip(f"left out, pipelines written with the kfp SDK: there is no {PYTHON}")
    folder = tmp_path_factory.mktemp("compiled")
    argv = [PYTHON, str(_HERE / "compile_pipelines.py"), str(folder)]
    done = subprocess.run(argv, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_pipeline_of_the_sdk_is_converted_or_refused_for_its_reason(compiled):
    for path in sorted(compiled.glob("*.yaml")):
        check(path.stem, path)


def test_every_document_of_the_corpus_is_converted_or_refused_for_its_reason():
    if not CORPUS.is_dir():
        pytest.skip(f"left out, documents of the corpus: there is no {CORPUS}")
    for path in sorted((CORPUS / "valid").rglob("*.yaml")):
        check(path.relative_to(CORPUS).with_suffix("").as_posix(), path)


@pytest.mark.parametrize("name", _BOTH_WAYS)
def test_what_is_converted_comes_to_the_same(name, compiled, tmp_path):
    found = wheels()
    found.fill()
    objects, _ = converted(compiled / f"{name}.yaml")
    native = tmp_path / "native.yaml"
    native.write_text(yaml_text(objects))
    one, other = (
        _told(levada.run_here(Document(name, path), tmp_path / path.stem, found.environment))
        for path in (compiled / f"{name}.yaml", native)
    )
    assert one == other
    assert one["phase"] != "Refused"


def _told(run):
    """Of a run what does not depend on when and where it was."""
    tasks = {task["path"]: (task["phase"], task["reason"], levada.parameters(task["outputs"])) for task in run["tasks"]}
    return {"phase": run["phase"], "outputs": run["outputs"], "tasks": tasks}
