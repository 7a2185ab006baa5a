"""The simulation's API server answers as the real one does: the same requests are sent to both.

Pods are given to a scheduler that does not exist or bound to a node that does not, and bear no label of ours; runs wait
for a Pipeline that never comes: nothing but the API server acts.
"""

import asyncio

import pytest

from levada.kube.client import connect
from levada.kube.errors import ApiError
from levada.kube.resource import PIPELINE_RUNS, PODS
from simulation.apiserver import ApiServer
from simulation.world import World

HELD = ["example.com/result", "example.com/other"]
RELEASE = {"$deleteFromPrimitiveList/finalizers": HELD[:1]}
RELEASE_ALL = {"$deleteFromPrimitiveList/finalizers": HELD}
RESOURCES = {"pods": PODS, "pipelineruns": PIPELINE_RUNS}


def pod(finalizers=(), **spec):
    container = {"name": "main", "image": "none", "imagePullPolicy": "Never"}
    spec = {"containers": [container], "restartPolicy": "Never", "schedulerName": "nobody", **spec}
    metadata = {"name": "x", "labels": {"example.com/run": "r"}, "finalizers": list(finalizers)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


RUN = {
    "apiVersion": "levada.dev/v1alpha1",
    "kind": "PipelineRun",
    "metadata": {"name": "x"},
    "spec": {"pipelineRef": {"name": "never-there"}},
}
CREATE, PATCH, STRATEGIC, STATUS, DELETE = "create", "merge", "strategic", "status", "delete"
UID, VERSION, OLD_VERSION = object(), object(), object()

SEQUENCES = {
    "a held Pod": (
        "pods",
        [
            (CREATE, pod(HELD)),
            (CREATE, pod(HELD)),
            (STRATEGIC, {"metadata": {"uid": "another", **RELEASE}}),
            (DELETE, {"preconditions": {"uid": "another"}}),
            (DELETE, {"preconditions": {"uid": UID}}),
            (PATCH, {"metadata": {"labels": {"example.com/run": None, "b": "c"}}}),
            (STRATEGIC, {"metadata": {"uid": UID, **RELEASE}}),
            (STRATEGIC, {"metadata": {"uid": UID, **RELEASE}}),
            (STRATEGIC, {"metadata": {"uid": UID, **RELEASE_ALL}}),
            (DELETE, {}),
        ],
    ),
    "a Pod that nothing holds": ("pods", [(CREATE, pod()), (DELETE, None), (DELETE, None), (CREATE, pod())]),
    "a Pod on a node": (
        "pods",
        [
            (CREATE, pod(HELD, nodeName="nowhere", terminationGracePeriodSeconds=40)),
            (DELETE, None),
            (DELETE, {"gracePeriodSeconds": 50}),
            (DELETE, {"gracePeriodSeconds": 5}),
            (DELETE, None),
            (DELETE, {"gracePeriodSeconds": 0}),
            (STRATEGIC, {"metadata": RELEASE_ALL}),
        ],
    ),
    "a run": (
        "pipelineruns",
        [
            (CREATE, RUN),
            (PATCH, {"metadata": {"annotations": {"a": "1"}}, "status": {"phase": "Failed"}}),
            (PATCH, {"metadata": {"annotations": {"a": "1"}}}),
            (STATUS, {"metadata": {"uid": UID, "resourceVersion": VERSION}, "status": {"progress": "1/2"}}),
            (STATUS, {"metadata": {"uid": UID, "resourceVersion": OLD_VERSION}, "status": {"progress": "2/2"}}),
            (STATUS, {"metadata": {"uid": "another"}, "status": {"progress": "2/2"}}),
            (STATUS, {"metadata": {"labels": {"not": "taken"}}, "status": {"progress": "3/3"}}),
            (DELETE, None),
        ],
    ),
}


class Model:
    def __init__(self):
        self._server = ApiServer(World(0))

    async def get(self, plural):
        return self._server.get(plural, "ns", "x")

    async def send(self, verb, plural, body):
        if verb == CREATE:
            self._server.create(plural, "ns", body)
        elif verb == DELETE:
            self._server.delete(plural, "ns", "x", body)
        else:
            kind = STRATEGIC if verb == STRATEGIC else PATCH
            self._server.patch(plural, "ns", "x", body, kind=kind, status=verb == STATUS)


class Real:
    def __init__(self, api, namespace):
        self._api, self._namespace = api, namespace

    async def get(self, plural):
        return await self._api.get(RESOURCES[plural], self._namespace, "x")

    async def send(self, verb, plural, body):
        where = RESOURCES[plural], self._namespace
        if verb == CREATE:
            await self._api.create(*where, body)
            while plural == "pipelineruns" and "phase" not in (await self.get(plural)).get("status", {}):
                await asyncio.sleep(0.2)  # until the operator has said that the run waits
        elif verb == DELETE:
            await self._api.delete(*where, "x", body)
        elif verb == STATUS:
            await self._api.patch(*where, "x", body, subresource="status")
        else:
            await self._api.patch(*where, "x", body, kind=verb)


def filled(body, uid, versions):
    """`body` with what stands for the object's own UID and versions filled in."""
    known = {id(UID): uid, id(VERSION): versions[-1], id(OLD_VERSION): versions[0]}
    if isinstance(body, dict):
        return {key: filled(value, uid, versions) for key, value in body.items()}
    return known.get(id(body), body)


async def answers(server, plural, requests):
    """What each request was answered, and how the object stood after it."""
    told, uid, versions = [], "", [""]
    for verb, body in requests:
        code = 200
        try:
            await server.send(verb, plural, filled(body, uid, versions))
        except ApiError as error:
            code = error.status
        try:
            found = await server.get(plural)
        except ApiError as error:
            told.append((verb, code, error.status))
            continue
        metadata = found["metadata"]
        uid = metadata["uid"]
        has_changed = metadata["resourceVersion"] != versions[-1]
        versions = [versions[0] or metadata["resourceVersion"], metadata["resourceVersion"]]
        state = (
            sorted(metadata.get("finalizers", [])),
            metadata.get("labels", {}),
            metadata.get("deletionGracePeriodSeconds"),
        )
        progress = found.get("status", {}).get("progress")
        told.append((verb, code, has_changed, "deletionTimestamp" in metadata, state, progress))
    return told


@pytest.mark.parametrize("which", SEQUENCES)
async def test_the_model_answers_as_the_real_api_server(cluster, namespace, which):
    plural, requests = SEQUENCES[which]
    async with connect(str(cluster.kubeconfig)) as api:
        real = await answers(Real(api, namespace), plural, requests)
    assert await answers(Model(), plural, requests) == real
