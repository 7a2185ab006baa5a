"""Tasks that make and remove claims, as Kubeflow's compiler writes them."""

from levada.graph.model import Claim
from unit.frontend.kfp.documents import (
    LIST,
    TEXT,
    compiled,
    component,
    constant,
    graph_of,
    output_of,
    parameters,
    task,
)

CREATE = component(
    {"parameters": {"access_modes": LIST, "storage_class_name": {**TEXT, "defaultValue": "", "isOptional": True}}},
    {"parameters": {"name": TEXT}},
    "create",
)
DELETE = component({"parameters": {"pvc_name": TEXT}}, label="delete")


def claims(image="argostub/createpvc"):
    executors = {
        "create": {"container": {"image": image}},
        "delete": {"container": {"image": "argostub/deletepvc"}},
    }
    tasks = {
        "make": task("create", **parameters(access_modes=constant(["ReadWriteOnce"]))),
        "remove": task("delete", "make", **parameters(pvc_name=output_of("make", "name"))),
    }
    tasks["make"]["cachingOptions"] = {"enableCache": True}
    return graph_of(compiled(tasks, {"create": CREATE, "delete": DELETE}, executors)).tasks


def test_a_task_with_the_image_of_a_deed_does_it_to_a_claim():
    made, removed = claims().values()
    assert isinstance(made.body, Claim)
    assert isinstance(removed.body, Claim)
    assert (made.body.deed, list(made.body.outputs)) == ("create", ["name"])
    assert (removed.body.deed, removed.predecessors()) == ("delete", ["make"])


def test_the_images_tag_counts_for_nothing():
    assert isinstance(claims("argostub/createpvc:latest")["make"].body, Claim)


def test_a_claim_is_made_in_each_run():
    assert claims()["make"].cache is None


def test_where_no_storage_class_is_given_it_is_kubeflows_whatever_the_component_declares():
    declared = claims()["make"].body.inputs["storage_class_name"]
    assert (declared.default, declared.may_be_absent) == ("standard", True)
