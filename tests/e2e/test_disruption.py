"""The cluster takes a task's Pod away, or has no place for it yet: the user pays for neither."""

import json

import pytest

from cluster import containers
from cluster.archive import full_name
from e2e.runs import BASE_IMAGE, container

NUMBER = [{"name": "n", "type": "Integer"}]
WHOLE = {"n": {"task": "task", "output": "n"}}
SLOT = "levada.test/slot"
LATE = "levada.test/late"


def once_in_vain(script, **more):
    """A task whose first attempt runs `script`, and whose second ends well."""
    whole = f'if [ "$LEVADA_ATTEMPT" = 0 ]; then {script}; fi; echo 7 > "$1"'
    return container(whole, {"outputPath": "n"}, outputs=NUMBER, **more)


def second_attempt(runs, name):
    """What the run came to, which is what it would have come to without the fault."""
    status, tasks = runs.succeed(name)
    assert (status["outputs"], tasks["task"]["attempts"]) == ({"n": 7}, 2)


@pytest.mark.fault("a task's Pod is evicted, as by `kubectl drain`", seen="another attempt; no retry is spent")
def test_a_pod_that_is_drained_costs_the_user_nothing(runs, kubectl, namespace):
    runs.start("drained", {"task": once_in_vain("exec sleep 600")}, outputs=WHOLE)
    runs.running("drained")
    pod = runs.pod_of("drained", "task")
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))
    second_attempt(runs, "drained")


@pytest.mark.fault(
    "a task writes more to its node's disk than it may, and the kubelet evicts it", seen="`Evicted`; a retry is spent"
)
def test_a_pod_that_the_kubelet_evicts_says_so(runs):
    full = container(
        "head -c 50000000 /dev/zero > /tmp/full; exec sleep 600",
        container={"resources": {"limits": {"ephemeral-storage": "10Mi"}}},
    )
    runs.start("full", {"task": full})
    status, tasks = runs.end("full")
    assert (status["phase"], tasks["task"]["reason"], tasks["task"]["attempts"]) == ("Failed", "Evicted", 1)
    assert "ephemeral" in tasks["task"]["message"]


@pytest.fixture
def slot(kubectl):
    """The node has one of something that Pods can ask for."""
    node = kubectl.json("get", "nodes")["items"][0]["metadata"]["name"]

    def offer(count):
        patch = {"status": {"capacity": {SLOT: count}}}
        kubectl("patch", "node", node, "--subresource=status", "--type=merge", "-p", json.dumps(patch))

    offer("1")
    yield
    offer(None)


@pytest.fixture
def important(kubectl, namespace):
    """A PriorityClass above that of tasks."""
    body = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": namespace}}
    kubectl("create", "-f", "-", stdin=json.dumps(body | {"value": 1000}))
    yield namespace
    kubectl("delete", "priorityclass", namespace)


@pytest.mark.fault("a task's Pod is preempted by one of higher priority", seen="another attempt; no retry is spent")
def test_a_pod_that_is_preempted_costs_the_user_nothing(runs, kubectl, namespace, slot, important, wait_for):
    resources = {"limits": {SLOT: "1"}}
    runs.start("preempted", {"task": once_in_vain("exec sleep 600", container={"resources": resources})}, outputs=WHOLE)
    runs.running("preempted")
    main = {"name": "main", "image": BASE_IMAGE, "command": ["true"], "resources": resources}
    spec = {"containers": [main], "restartPolicy": "Never", "priorityClassName": important}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "vip"}, "spec": spec}, namespace=namespace)
    second_attempt(runs, "preempted")
    events = kubectl.json("get", "events", "-n", namespace, "--field-selector=reason=Preempted")["items"]
    assert len(events) == 1
    assert kubectl.json("get", "pod", "vip", "-n", namespace)["status"]["phase"] == "Succeeded"


@pytest.mark.fault("no node fits a task, and later one does", seen="the task is Pending, `Unschedulable`, until then")
def test_a_pod_that_finds_its_node_late_runs(runs, kubectl):
    node = kubectl.json("get", "nodes")["items"][0]["metadata"]["name"]
    task = container("true") | {"podTemplate": {"nodeSelector": {LATE: runs.namespace}}}
    runs.start("unplaced", {"task": task})
    runs.until("unplaced", lambda status: "Unschedulable" in str(status.get("tasks")), "the hint")
    kubectl("label", "node", node, f"{LATE}={runs.namespace}")
    try:
        _, tasks = runs.succeed("unplaced")
    finally:
        kubectl("label", "node", node, f"{LATE}-")
    assert tasks["task"]["attempts"] == 1


@pytest.mark.fault("an image is not there, and later it is", seen="the task is Pending, `ImagePullBackOff`, until then")
def test_an_image_that_comes_late_is_found(runs):
    image = f"levada-late-{runs.namespace}:test"
    runs.start("imageless", {"task": container("true", container={"image": image})})
    hinted = ("ErrImagePull", "ImagePullBackOff")
    runs.until("imageless", lambda status: any(word in str(status.get("tasks")) for word in hinted), "the hint")
    containers.ctr("images", "tag", full_name(BASE_IMAGE), full_name(image))
    try:
        _, tasks = runs.succeed("imageless")
    finally:
        containers.ctr("images", "rm", full_name(image))
    assert tasks["task"]["attempts"] == 1
