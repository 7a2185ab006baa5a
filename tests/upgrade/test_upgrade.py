"""A run that an earlier release has begun is ended by this one."""

import asyncio
import json

import pytest

from bench.plane import NAMESPACE
from bench.sides import levada
from bench.stage import stage
from cluster import etcd, store
from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG
from cluster.waiting import WaitFor
from levada.planner.names import RESULT_FINALIZER, TASK_ANNOTATION
from upgrade.release import IN_PODS, NAME, OUTPUTS, objects, versions

_TIMES = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:01:00Z"}
_MAIN = {"name": "main", "state": {"running": None, "terminated": {"exitCode": 0, "message": "7", **_TIMES}}}
END = {"status": {"phase": "Succeeded", "containerStatuses": [_MAIN]}}
"""What a kubelet says of a task that printed 7."""

pytestmark = pytest.mark.usefixtures("own_server")


@pytest.mark.parametrize("version", versions())
@pytest.mark.fault(
    "Levada is upgraded, from each earlier release, in the middle of a run",
    seen="nothing: what the release has begun is ended, and nothing of it is done again",
)
def test_a_run_of_an_earlier_release_is_ended(version):
    asyncio.run(_upgraded(version))


async def _upgraded(version):
    async with stage():
        await asyncio.to_thread(_restore, version)
        async with levada():
            await asyncio.to_thread(_go_on, version)


def _restore(version):
    Kubectl(KUBECONFIG).apply(*store.objects(), namespace=NAMESPACE)
    etcd.put(objects(version))


def _go_on(version):
    kubectl = Kubectl(KUBECONFIG)
    wait_for = WaitFor(kubectl, NAMESPACE)
    begun = {pod["metadata"]["uid"] for pod in objects(version) if pod["kind"] == "Pod"}
    for path in IN_PODS:
        kubectl("patch", "pod", _pods(kubectl)[path]["metadata"]["name"], "-n", NAMESPACE, "--subresource=status",
                "--type=strategic", "-p", json.dumps(END))  # fmt: skip
    approval = {"spec": {"approvals": [{"task": "gate", "decision": "Approved", "by": "admin"}]}}
    kubectl("patch", "pipelinerun", NAME, "-n", NAMESPACE, "--type=merge", "-p", json.dumps(approval))

    def ended():
        status = kubectl.json("get", "pipelinerun", NAME, "-n", NAMESPACE)["status"]
        return status if status["phase"] in ("Succeeded", "Failed") else None

    status = wait_for(ended, "the end of the run", 60)
    assert status["phase"] == "Succeeded", status
    assert status["outputs"] == OUTPUTS
    assert {task.get("attempts", 1) for task in status["tasks"]} == {1}

    def released():
        return not any(RESULT_FINALIZER in pod["metadata"].get("finalizers", []) for pod in _pods(kubectl).values())

    wait_for(released, "its Pods to be let go", 30)
    now = {pod["metadata"]["uid"] for pod in _pods(kubectl).values()}
    assert begun <= now  # nothing was made anew
    new = sorted(path for path, pod in _pods(kubectl).items() if pod["metadata"]["uid"] not in begun)
    assert new == ["finally.report", "last"]


def _pods(kubectl):
    """The Pods by the path of their task; there is one of each."""
    pods = kubectl.json("get", "pods", "-n", NAMESPACE)["items"]
    found = {pod["metadata"]["annotations"][TASK_ANNOTATION]: pod for pod in pods}
    assert len(found) == len(pods)
    return found
