"""Options of a Pod whose names come from inputs are known when the task is bound."""

import pytest

from levada.frontend.kfp.workspace import OPTIONS
from levada.graph.model import ABSENT, Component, Compose, Graph, Input, Parameter, Task
from levada.planner import reasons
from levada.planner.claims import mounted_claims
from levada.planner.nodes import Phase
from levada.planner.run import Run

NAME = {"name": Input("name", "String", is_parameter=True, is_optional=True)}
SECRET = {"name": "A", "valueFrom": {"secretKeyRef": {"name": Parameter("name"), "key": "k"}}}


def bound(options, given):
    task = Task("t", Component({}, {}, "image", ("true",)), bound_pod=Compose(options))
    return Run(Graph(NAME, {"t": task}), {"name": given}).leaves["t"]


def test_a_name_from_an_input_is_filled_in():
    leaf = bound({"env": [SECRET]}, "mine")
    assert leaf.options == {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "k"}}}]}


@pytest.mark.parametrize("nothing", [ABSENT, ""])
def test_without_a_name_the_item_is_left_out_and_the_others_stay(nothing):
    plain = {"name": "B", "value": ""}
    assert bound({"env": [SECRET, plain]}, nothing).options == {"env": [plain]}


def test_a_volume_without_a_name_takes_its_mount_with_it():
    volumes = [{"name": "v", "secret": {"secretName": Parameter("name")}}, {"name": "scratch", "emptyDir": {}}]
    mounts = [{"name": "v", "mountPath": "/a"}, {"name": "scratch", "mountPath": "/b"}]
    options = bound({"volumes": volumes, "volumeMounts": mounts}, ABSENT).options
    assert options == {"volumes": volumes[1:], "volumeMounts": mounts[1:]}


def test_a_claim_without_a_name_is_the_tasks_failure():
    leaf = bound({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": Parameter("name")}}]}, ABSENT)
    assert (leaf.phase, leaf.reason) == (Phase.FAILED, reasons.INVALID_ITEM)
    assert "PersistentVolumeClaim" in leaf.message


def test_one_input_may_hold_several_tolerations_or_none():
    several = bound({"tolerations": [Parameter("name"), {"key": "b"}]}, [{"key": "a"}, {"key": "c"}])
    assert several.options == {"tolerations": [{"key": "a"}, {"key": "c"}, {"key": "b"}]}
    assert bound({"tolerations": [Parameter("name")]}, ABSENT).options == {}


def test_rules_for_nodes_that_are_not_given_are_left_out():
    options = {"affinity": {"nodeAffinity": Parameter("name")}, "nodeSelector": Parameter("name")}
    assert bound(options, ABSENT).options == {}


@pytest.mark.parametrize(
    ("given", "has_it"),
    [
        ("/kfp-workspace/data", True),
        ({"of": [{"path": "/kfp-workspace"}]}, True),
        ("/elsewhere", False),
        (5, False),
    ],
)
def test_the_workspace_is_for_tasks_whose_inputs_speak_of_it(given, has_it):
    inputs = {"name": Input("name", "Any", is_parameter=True)}
    task = Task("t", Component(inputs, {}, "image", ("true",)), {"name": Parameter("name")}, bound_pod=Compose(OPTIONS))
    options = Run(Graph(inputs, {"t": task}), {"name": given}, facts={"name": "flowers"}).leaves["t"].options
    claims = [claim["claimName"] for claim, mount in mounted_claims(options)]
    assert claims == (["flowers-kfp-workspace"] if has_it else [])
    assert has_it or options == {}
