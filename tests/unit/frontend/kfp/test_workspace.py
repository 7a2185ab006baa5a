"""The workspace of a compiled pipeline is a claim of each run, made first and removed when all has gone well."""

import json

import pytest

from levada.frontend.mistakes import InvalidSpecError
from levada.graph import workspace
from levada.graph.model import Claim, Literal, RunFact
from unit.frontend.kfp.documents import TEXT, compiled, component, constant, container, graph_of, parameters, task

PATH = "{{$.workspace_path}}"
SIZE = {"size": "1Gi"}


def document(name="work", **asked):
    tasks = {name: task("work", **parameters(place=constant(f"{PATH}/data")))}
    text = compiled(tasks, {"work": component({"parameters": {"place": TEXT}})}, {"run": container()})
    return text + "\n---\n" + json.dumps({"platforms": {"kubernetes": {"pipelineConfig": {"workspace": asked}}}})


def test_it_is_made_before_the_tasks_and_goes_with_the_runs_object():
    graph = graph_of(document(**SIZE))
    made = graph.tasks["kfp-workspace"]
    assert isinstance(made.body, Claim)
    assert (made.body.deed, made.body.is_owned) == ("create", True)
    assert made.inputs["pvc_name"] == workspace.CLAIM
    assert graph.tasks["work"].predecessors() == ["kfp-workspace"]


def test_it_is_removed_in_the_end_where_the_run_has_succeeded():
    (gone,) = graph_of(document(**SIZE)).finals.values()
    assert gone.body.deed == "delete"
    assert gone.inputs == {"pvc_name": workspace.CLAIM, "phase": RunFact("phase")}
    assert gone.when == 'inputs["phase"] == "Succeeded"'


def test_its_path_is_known_to_the_engine_and_its_claim_mounted():
    work = graph_of(document(**SIZE)).tasks["work"]
    assert work.inputs["place"].parts == (RunFact("workspace"), "/data")
    (volume,) = work.bound_pod.shape["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == workspace.CLAIM
    assert work.bound_pod.shape["volumeMounts"] == [{"name": volume["name"], "mountPath": "/kfp-workspace"}]


@pytest.mark.parametrize(
    ("patch", "modes", "storage_class"),
    [
        ({}, ["ReadWriteOnce"], None),
        ({"accessModes": ["ReadWriteMany"], "storageClassName": "fast"}, ["ReadWriteMany"], Literal("fast")),
    ],
)
def test_it_is_as_large_and_of_the_kind_that_is_asked_for(patch, modes, storage_class):
    inputs = graph_of(document(**SIZE, kubernetes={"pvcSpecPatch": patch})).tasks["kfp-workspace"].inputs
    assert inputs["size"] == Literal("1Gi")
    assert inputs["access_modes"] == Literal(modes)
    assert inputs.get("storage_class_name") == storage_class


@pytest.mark.parametrize(
    ("name", "asked", "said"), [("work", {}, "workspace.size"), ("kfp-workspace", SIZE, "rename it")]
)
def test_one_that_cannot_be_is_refused(name, asked, said):
    with pytest.raises(InvalidSpecError, match=said):
        graph_of(document(name, **asked))


def test_without_one_nothing_is_made_or_mounted():
    graph = graph_of(document(**SIZE).partition("\n---\n")[0])
    assert list(graph.tasks) == ["work"]
    assert graph.finals == {}
    assert graph.tasks["work"].bound_pod is None
