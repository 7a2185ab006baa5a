"""Every document of the corpus does here what it does under kfp.local, or what its source says it does.

The answers of kfp.local are kept in `records/` (`make conformance-record` asks it again); what it cannot run has its
results written down by hand in `expected.py`, read from the source of the pipeline.
"""

import pytest

from conformance import levada
from conformance.corpus import CORPUS, documents
from conformance.expected import BY_HAND, ELSEWHERE
from conformance.judging import end_of, is_as_recorded, is_as_written, must_have
from conformance.wheels import wheels
from levada.frontend.native import build_graph

DOCUMENTS = documents()
VALID = [document for document in DOCUMENTS if not document.name.startswith("invalid/")]
INVALID = [document for document in DOCUMENTS if document.name.startswith("invalid/")]

if not DOCUMENTS:
    pytest.skip(f"left out, Kubeflow's own documents: there is no corpus at {CORPUS}", allow_module_level=True)


@pytest.fixture(scope="session")
def surroundings():
    found = wheels()
    found.fill()
    return found.environment


@pytest.mark.corpus
@pytest.mark.parametrize("document", [one for one in VALID if one.name not in ELSEWHERE], ids=lambda one: one.name)
def test_a_document_does_what_it_does_elsewhere(document, surroundings, tmp_path, tell):
    expected = BY_HAND.get(document.name)
    if expected:
        must_have(expected)
    found = tell(document, "local", end_of(document, expected), levada.run_here(document, tmp_path, surroundings))
    if expected:
        is_as_written(found, document, expected)
    else:
        is_as_recorded(found, document)


@pytest.mark.parametrize("document", INVALID, ids=lambda one: one.name)
def test_an_invalid_document_is_refused_with_its_place(document, surroundings, tmp_path, tell):
    found = tell(document, "local", "Refused", levada.run_here(document, tmp_path, surroundings))
    assert found["phase"] == "Refused"
    place = {"invalid/invalid_yaml": "components_1", "invalid/no_name": "pipelineInfo.name"}[document.name]
    assert place in found["message"]


@pytest.mark.parametrize("document", [one for one in VALID if one.name in ELSEWHERE], ids=lambda one: one.name)
def test_a_document_that_cannot_run_here_is_read_all_the_same(document):
    spec = {"kfp": document.path.read_text()}
    graph = build_graph(spec, {}, {})
    assert graph.tasks
    assert set(document.arguments) <= set(graph.inputs)
