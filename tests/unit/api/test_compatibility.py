"""The kinds take and show whatever those of earlier releases did: objects in clusters stay valid."""

import copy

import pytest
import yaml

from levada.api import crd
from upgrade.release import FIXTURES, versions
from upgrade.schemas import lost

TODAY = {name: yaml.safe_load(text) for name, text in crd.files()}


@pytest.mark.parametrize("name", TODAY)
@pytest.mark.parametrize("version", versions())
def test_nothing_that_an_earlier_release_took_is_refused_or_dropped(version, name):
    earlier = yaml.safe_load((FIXTURES / version / "crds" / name).read_text())
    assert lost(earlier, TODAY[name]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda spec: spec.pop("suspend"), "suspend is gone"),
        (lambda spec: spec["suspend"].update(type="string"), "type was boolean"),
        (lambda spec: spec["timeout"].update(maxLength=1), "maxLength was"),
        (lambda spec: spec["approvals"]["items"]["required"].append("by2"), "was not required"),
        (lambda spec: spec["approvals"]["items"]["properties"]["decision"].update(enum=["Approved"]), "only"),
        (lambda spec: spec["approvals"].update({"x-kubernetes-validations": [{"rule": "false"}]}), "new rules: false"),
        (lambda spec: spec["parameters"].update(additionalProperties={}), "took any field"),
    ],
    ids=["gone", "type", "shorter", "required", "enum", "rule", "untyped"],
)
def test_a_change_that_breaks_objects_is_seen(change, said):
    broken = copy.deepcopy(TODAY["pipelineruns.yaml"])
    (version,) = broken["spec"]["versions"]
    change(version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])
    (found,) = lost(TODAY["pipelineruns.yaml"], broken)
    assert said in found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"type": "number", "minimum": 0}, {"type": "number", "minimum": 0.5}, ["minimum was 0, is 0.5"]),
        ({"type": "number", "minimum": 0.5}, {"type": "number", "minimum": 0}, []),
        ({"type": "string", "nullable": True}, {"type": "string"}, ["nullable was true, and is not any more"]),
        ({"type": "string"}, {"type": "string", "nullable": True}, []),
        ({"type": "integer"}, {"type": "integer", "multipleOf": 2}, ["multipleOf was free, is 2"]),
        ({"type": "integer", "multipleOf": 2}, {"type": "integer"}, []),
        ({"oneOf": [{"minimum": 1}]}, {"oneOf": []}, []),
        ({"oneOf": [{"minimum": 1}]}, {"oneOf": [{"minimum": 2}]}, ["oneOf was [{'minimum': 1}], is [{'minimum': 2}]"]),
    ],
    ids=[
        "bound-raised",
        "bound-lowered",
        "null-refused",
        "null-taken",
        "multiples-only",
        "any-number",
        "choice-gone",
        "other-choice",
    ],
)
def test_what_one_field_takes_is_compared(old, new, said):
    def definition(field):
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"x": field}}}
        version = {"name": "v1", "served": True, "schema": schema}
        return {
            "spec": {"group": "g", "scope": "Namespaced", "names": {"kind": "K", "plural": "ks"}, "versions": [version]}
        }

    assert lost(definition(old), definition(new)) == [f"v1.x: {each}" for each in said]


def test_another_scope_is_seen():
    moved = copy.deepcopy(TODAY["pipelines.yaml"])
    moved["spec"]["scope"] = "Cluster"
    assert lost(TODAY["pipelines.yaml"], moved) == ["scope was Namespaced, is Cluster"]


def test_a_version_that_is_gone_is_seen():
    old = copy.deepcopy(TODAY["pipelines.yaml"])
    old["spec"]["versions"][0]["name"] = "v1alpha0"
    assert lost(old, TODAY["pipelines.yaml"]) == ["version v1alpha0 is not served any more"]
