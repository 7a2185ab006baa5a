"""Which Pods without our label get it back, against a small API server."""

import math

from levada.kube.strays import Strays
from levada.planner.names import RESULT_FINALIZER, RUN_LABEL
from unit.kube.fake_apiserver import refusal

RUN = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "name": "r", "uid": "run"}
POD = "/api/v1/namespaces/{}/pods/{}"


async def put(server, namespace, name, owner=RUN, finalizer=RESULT_FINALIZER):
    metadata = {"finalizers": [finalizer], "ownerReferences": [owner], "labels": {"app": "x"}}
    await server.put(POD.format(namespace, name), metadata=metadata)


def labels(server):
    return {
        path.rpartition("/")[2]: found["metadata"]["labels"].get(RUN_LABEL) for path, found in server.objects.items()
    }


async def test_only_pods_that_are_held_for_a_run_get_its_label(api, server):
    await put(server, "a", "held")
    await put(server, "a", "free", finalizer="example.com/other")
    await put(server, "a", "job", owner=RUN | {"apiVersion": "batch/v1", "kind": "Job"})
    await put(server, "a", "tekton", owner=RUN | {"apiVersion": "tekton.dev/v1"})
    assert await Strays(api, [None]).look() == math.inf
    assert labels(server) == {"held": "r", "free": None, "job": None, "tekton": None}


async def test_only_pods_without_the_label_are_asked_for_and_only_their_metadata(api, server):
    await Strays(api, [None]).look()
    ((method, path),) = server.requests
    assert (method, path.partition("?")[0]) == ("GET", "/api/v1/pods")
    assert "labelSelector=!levada.dev/run" in path
    assert "as=PartialObjectMetadataList;" in server.headers[0]["Accept"]


async def test_every_namespace_is_looked_at_page_by_page(api, server):
    for number in range(501):
        await put(server, "a", f"p{number}", finalizer="example.com/other")
    await put(server, "a", "z-held")
    await put(server, "b", "held")
    await put(server, "c", "elsewhere")
    await Strays(api, ["a", "b"]).look()
    found = labels(server)
    assert (found["z-held"], found["held"], found["elsewhere"]) == ("r", "r", None)
    assert sum(method == "GET" for method, _ in server.requests) == 3


async def test_a_pod_that_cannot_be_read_or_labelled_does_not_stop_the_others(api, server):
    await server.put(POD.format("a", "a-broken"), metadata={"finalizers": 1})
    await put(server, "a", "b-refused")
    await put(server, "a", "c-held")
    server.fail("PATCH", "b-refused", refusal(403, "Forbidden"))
    strays = Strays(api, [None])
    assert 0 < await strays.look() < math.inf
    assert server.objects[POD.format("a", "c-held")]["metadata"]["labels"] == {RUN_LABEL: "r"}
    assert await strays.look() == math.inf
    assert server.objects[POD.format("a", "b-refused")]["metadata"]["labels"] == {RUN_LABEL: "r"}


async def test_a_namespace_that_cannot_be_listed_does_not_stop_the_others(api, server):
    await put(server, "a", "first")
    await put(server, "b", "second")
    server.fail("GET", "namespaces/a/pods", refusal(403, "Forbidden"))
    strays = Strays(api, ["a", "b"])
    assert 0 < await strays.look() < math.inf
    assert labels(server) == {"first": None, "second": "r"}
    assert await strays.look() == math.inf
    assert labels(server) == {"first": "r", "second": "r"}
