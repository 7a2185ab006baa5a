"""Every document of the corpus does here what it does under kfp.local, or what its source says it does.

The answers of kfp.local are kept in `records/` (`make conformance-record` asks it again); what it cannot run has its
results written down by hand in `expected.py`, read from the source of the pipeline.
"""

import json
import re
import shutil

import pytest

from conformance import levada
from conformance.corpus import CORPUS, documents
from conformance.expected import BY_HAND, ELSEWHERE, RANDOM
from conformance.wheels import wheels
from levada.frontend.native import build_graph

DOCUMENTS = documents()
VALID = [document for document in DOCUMENTS if not document.name.startswith("invalid/")]
INVALID = [document for document in DOCUMENTS if document.name.startswith("invalid/")]

if not DOCUMENTS:
    pytest.skip(f"left out, Kubeflow's own documents: there is no corpus at {CORPUS}", allow_module_level=True)


def record_of(document):
    """The answer of kfp.local, which must be to this very document."""
    kept = json.loads(document.record.read_text())
    assert (kept["digest"], kept["arguments"]) == (document.digest, document.arguments), "stale: record it again"
    return kept


@pytest.fixture(scope="session")
def surroundings():
    found = wheels()
    found.fill()
    return found.environment


@pytest.mark.parametrize("document", [one for one in VALID if one.name not in ELSEWHERE], ids=lambda one: one.name)
def test_a_document_does_what_it_does_elsewhere(document, surroundings, tmp_path):
    if document.name in BY_HAND:
        does_what_its_source_says(BY_HAND[document.name], document, tmp_path, surroundings)
        return
    found, kept = levada.run(document, tmp_path, surroundings), record_of(document)
    assert kept["status"] in ("Succeeded", "Failed"), f"kfp.local cannot run it: {kept['error']}; write it by hand"
    assert found["phase"] == kept["status"], found["message"]
    if document.name in RANDOM:
        return
    assert told_of(found["outputs"]) == kept["outputs"]
    assert values_of(found["tasks"]) == values_of(kept["tasks"])


def does_what_its_source_says(expected, document, home, surroundings):
    if not shutil.which(expected.program):
        pytest.skip(f"left out: {expected.program} is not installed")
    found = levada.run(document, home, surroundings)
    assert found["phase"] == expected.phase, found["message"]
    assert expected.said in found["message"]
    made = told_of(found["outputs"])
    patterns = {name: value for name, value in expected.outputs.items() if isinstance(value, str) and "/" in value}
    assert [name for name, pattern in patterns.items() if not re.fullmatch(pattern, made[name])] == []
    assert made | patterns == expected.outputs
    tasks = {task["path"]: task["outputs"] for task in found["tasks"]}
    assert {path: told_of(tasks[path]) for path in expected.tasks} == expected.tasks


def told_of(outputs):
    return {name: levada.plain(value) for name, value in outputs.items()}


def values_of(tasks):
    """The values that all tasks have made; which task of a loop made which is not told by kfp.local."""
    made = [levada.parameters(task["outputs"]) for task in tasks if task.get("phase", task.get("status")) != "Failed"]
    groups = [task["path"] for task in tasks if "path" in task]
    if groups:  # Graphs and loops are told of too: only what runs counts.
        inside = {re.split(r"[.\[]", path[::-1], maxsplit=1)[1][::-1] for path in groups if re.search(r"[.\[]", path)}
        made = [levada.parameters(task["outputs"]) for task in tasks if task["path"] not in inside and task["outputs"]]
    return sorted(json.dumps(one, sort_keys=True) for one in made if one)


@pytest.mark.parametrize("document", INVALID, ids=lambda one: one.name)
def test_an_invalid_document_is_refused_with_its_place(document, surroundings, tmp_path):
    found = levada.run(document, tmp_path, surroundings)
    assert found["phase"] == "Refused"
    assert {"invalid/invalid_yaml": "components_1", "invalid/no_name": "pipelineInfo.name"}[document.name] in found[
        "message"
    ]


@pytest.mark.parametrize("document", [one for one in VALID if one.name in ELSEWHERE], ids=lambda one: one.name)
def test_a_document_that_cannot_run_here_is_read_all_the_same(document):
    spec = {"kfp": document.path.read_text()}
    graph = build_graph(spec, {}, {})
    assert graph.tasks
    assert set(document.arguments) <= set(graph.inputs)
