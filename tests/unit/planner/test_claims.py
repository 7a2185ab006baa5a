"""Claims that tasks make and remove: what they are called, and what they look like."""

from dataclasses import replace

import pytest

from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.claims import claim_manifest, claim_name
from levada.planner.encoding import decode_rows, node_of
from levada.planner.nodes import Order, Phase
from levada.planner.run import Run
from levada.planner.status import Shards, tasks_status
from unit.planner.claims import claim_graph
from unit.planner.pods import NOW


def order(deed="create", **given):
    (start,) = Run(claim_graph(deed, **given), {}).plan(NOW).starts
    assert isinstance(start.leaf, Order)
    return start.leaf


def test_a_claim_has_the_name_that_is_given():
    assert claim_name(order(pvc_name="data"), "uid") == "data"
    assert claim_name(order("delete", pvc_name="data"), "uid") == "data"


def test_a_claim_with_a_suffix_has_the_same_name_whenever_it_is_asked_and_another_in_each_run():
    name = claim_name(order(pvc_name_suffix="-data"), "uid")
    assert name.endswith("-data")
    assert len(name) == len("-data") + 36
    assert claim_name(order(pvc_name_suffix="-data"), "uid") == name
    assert claim_name(order(pvc_name_suffix="-data"), "other") != name


@pytest.mark.parametrize("given", [{}, {"pvc_name": "a", "pvc_name_suffix": "b"}, {"pvc_name": ""}])
def test_a_claim_is_named_in_exactly_one_way(given):
    failure = claim_name(order(**given), "uid")
    assert failure.reason == reasons.INVALID_CLAIM
    assert "pvc_name" in failure.message


def test_a_claim_to_remove_has_to_be_named():
    assert "say which" in claim_name(order("delete"), "uid").message


@pytest.mark.parametrize("name", ["../data", "Data", "a/b", "-a", ".", "a" * 254])
def test_a_name_that_no_claim_can_have_is_refused(name):
    assert isinstance(claim_name(order("delete", pvc_name=name), "uid"), Failure)


def test_a_claim_says_what_it_wants_and_who_made_it():
    made = order(
        pvc_name="data",
        access_modes=["ReadWriteOnce"],
        size="5Gi",
        volume_name="disk",
        annotations={"a": "b", "levada.dev/task": "lie"},
        data_source={"kind": "VolumeSnapshot", "name": "s"},
        storage_class_name="",
    )
    manifest = claim_manifest(made, "data", "flowers", "uid")
    assert manifest["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "",
        "volumeName": "disk",
        "dataSource": {"kind": "VolumeSnapshot", "name": "s"},
    }
    assert manifest["metadata"] == {
        "name": "data",
        "labels": {"levada.dev/run": "flowers"},
        "annotations": {"a": "b", "levada.dev/run-uid": "uid", "levada.dev/task": "t"},
    }


def test_a_claim_for_which_no_class_is_given_is_of_the_clusters():
    manifest = claim_manifest(order(pvc_name="data", access_modes=["ReadWriteOnce"], size="1Gi"), "data", "r", "uid")
    assert {"storageClassName", "volumeName"} & set(manifest["spec"]) == set()


@pytest.mark.parametrize(("is_owned", "owners"), [(True, ["uid"]), (False, [])])
def test_a_claim_of_the_runs_own_goes_with_its_object(is_owned, owners):
    made = order(pvc_name="data")
    made.task = replace(made.task, body=replace(made.claim, is_owned=is_owned))
    references = claim_manifest(made, "data", "r", "uid")["metadata"].get("ownerReferences", [])
    assert [reference["uid"] for reference in references] == owners


def test_what_is_done_to_a_claim_succeeds_with_its_name_and_survives_a_restart():
    shape = claim_graph("create", pvc_name="data")
    run = Run(shape, {})
    run.plan(NOW)
    run.observe("t", 0, Success({"name": "data"}), NOW, dead=True)
    restored = again(run, shape)
    assert restored.leaves["t"].phase is Phase.SUCCEEDED
    assert restored.leaves["t"].outputs == {"name": "data"}


def test_a_removal_that_had_begun_is_still_under_way_after_a_restart_and_not_begun_anew():
    shape = claim_graph("delete", pvc_name="data")
    run = Run(shape, {})
    run.plan(NOW)
    run.observe("t", 0, Running(NOW), NOW)
    restored = again(run, shape)
    assert restored.plan(NOW).starts == []
    assert list(restored.under_way) == ["t"]


def again(run, shape):
    text = tasks_status(run, Shards())["taskStates"]
    restored = Run(shape, {})
    for row in decode_rows(text):
        restored.restore(row.path, node_of(row, restored.leaves[row.path], row.outputs or {}), NOW)
    restored.mark_recorded(restored.version)
    return restored
