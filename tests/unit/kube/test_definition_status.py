"""What is written of Components and Pipelines is no news to those who wrote it."""

import pytest

from levada.kube.definition_status import Definitions, status_of
from levada.kube.runtime import Runtime
from levada.planner import reasons
from levada.planner.status import Standing

PATH = "/apis/levada.dev/v1alpha1/namespaces/a/components/add"
KEY = ("components", "a", "add")
SPEC = {"implementation": {"container": {"image": "busybox", "command": ["true"]}}}


@pytest.fixture
def definitions(api):
    return Definitions(Runtime(api, None, None, lambda *_: None))


async def test_our_own_write_is_known_and_nothing_else(server, definitions):
    put = await server.put(
        PATH, apiVersion="levada.dev/v1alpha1", kind="Component", spec=SPEC, metadata={"generation": 1}
    )
    assert not definitions.knows(*KEY, put["metadata"]["resourceVersion"])
    await definitions.reconcile(*KEY)
    written = server.objects[PATH]["metadata"]["resourceVersion"]
    assert definitions.knows(*KEY, written)
    assert not definitions.knows("components", "b", "add", written)
    edited = await server.put(PATH, spec=SPEC | {"description": "sum"})
    assert not definitions.knows(*KEY, edited["metadata"]["resourceVersion"])
    assert not definitions.knows(*KEY, "")  # it is gone


async def test_one_that_is_gone_is_forgotten(server, definitions):
    await server.put(PATH, apiVersion="levada.dev/v1alpha1", kind="Component", spec=SPEC, metadata={"generation": 1})
    await definitions.reconcile(*KEY)
    written = server.objects[PATH]["metadata"]["resourceVersion"]
    await server.remove(PATH)
    await definitions.reconcile(*KEY)
    assert not definitions.knows(*KEY, written)


def test_of_one_without_a_spec_it_can_be_told_what_is_wrong():
    """As an older version of the kind may have left it, or somebody who writes to etcd."""
    found = {"metadata": {"name": "add", "namespace": "a", "generation": 1}}
    status = status_of(found, Standing("", reasons.RECONCILE_FAILED, "it cannot be worked on"))
    assert {item["type"]: item["status"] for item in status["conditions"]}["Stalled"] == "True"
    assert "digest" not in status
