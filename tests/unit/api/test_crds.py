"""The CustomResourceDefinitions are made from the models and take what the models take."""

from pathlib import Path

import pytest
import yaml

from levada.api import crd
from levada.api.run import IMMUTABLE, RunSpec
from levada.api.unsupported import NOT_BUILT, refusal

REPO = Path(__file__).resolve().parents[3]
DEFINITIONS = {name: yaml.safe_load(text) for name, text in crd.files()}
UNTYPED = {"x-kubernetes-preserve-unknown-fields"}


def schema_of(definition):
    (version,) = definition["spec"]["versions"]
    return version["schema"]["openAPIV3Schema"]


def nodes(schema, path=""):
    """Every node of a schema with its path."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], f"{path}[]")


NODES = [(path, node) for definition in DEFINITIONS.values() for path, node in nodes(schema_of(definition))]
RUN = schema_of(DEFINITIONS["pipelineruns.yaml"])


@pytest.mark.parametrize("name", DEFINITIONS)
@pytest.mark.parametrize("folder", ["crds", "helm/levada/files/crds"])
def test_the_files_are_what_the_models_say_and_small(folder, name):
    content = (REPO / folder / name).read_text()
    assert content == dict(crd.files())[name]
    assert len(content.encode()) < 200_000


def test_every_node_is_structural():
    for path, node in NODES:
        assert "type" in node or node.keys() >= UNTYPED, f"{path}: neither a type nor kept as it is"
        assert not node.keys() & {"$ref", "anyOf", "allOf", "title", "$defs"}, path
        assert not {"properties", "additionalProperties"} <= node.keys(), path


def test_no_default_stands_inside_a_list():
    # Stored with each of 10,000 tasks it would not fit into the object.
    assert [path for path, node in NODES if "[]" in path and "default" in node] == []


def test_a_fresh_object_is_not_read_as_done():
    for definition in DEFINITIONS.values():
        assert schema_of(definition)["properties"]["status"]["default"] == {"observedGeneration": -1}


def test_of_a_runs_spec_only_suspend_cancel_and_approvals_can_change():
    guarded = {
        rule["fieldPath"].split(".")[-1]
        for rule in RUN["properties"]["spec"]["x-kubernetes-validations"]
        if "oldSelf" in rule["rule"]
    }
    guarded |= {
        rule["fieldPath"].split(".")[-1] for rule in RUN["x-kubernetes-validations"] if "oldSelf" in rule["rule"]
    }
    declared = {field.alias or name for name, field in RunSpec.model_fields.items()}
    assert set(IMMUTABLE) < guarded
    assert declared - guarded == {"suspend"}
    assert guarded - set(IMMUTABLE) == {"cancel", "approvals", "pipelineSpec"}


def test_what_is_not_built_yet_is_refused_by_its_own_rule():
    spec = RUN["properties"]["spec"]["properties"]
    for field in NOT_BUILT["run"]:
        if field not in {alias for alias, _ in RunSpec.names()}:
            (rule,) = spec[field]["x-kubernetes-validations"]
            assert rule == {"rule": "false", "message": refusal(field)}


def test_a_quantity_may_be_a_number_as_in_a_pod():
    component = schema_of(DEFINITIONS["components.yaml"])["properties"]["spec"]["properties"]
    resources = component["implementation"]["properties"]["container"]["properties"]["resources"]
    assert resources["properties"]["limits"]["additionalProperties"] == {"x-kubernetes-preserve-unknown-fields": True}


def test_parameters_can_be_compared_so_that_an_edit_is_seen():
    # An object with `preserve-unknown-fields` on itself compares {a: 1} and {b: 1} as equal.
    parameters = RUN["properties"]["spec"]["properties"]["parameters"]
    assert (parameters["type"], UNTYPED & parameters.keys()) == ("object", set())


def test_an_empty_matrix_is_refused_by_the_api_server_too():
    matrices = [node for path, node in NODES if path.endswith(".forEach.matrix")]
    assert matrices
    assert {node.get("minProperties") for node in matrices} == {1}
