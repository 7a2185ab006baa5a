"""Quotas, limits, Pod Security and whatever else keeps a Pod from starting: each is named while it lasts."""

import json

import pytest

from e2e.runs import condition, container

NUMBER = [{"name": "n", "type": "Integer"}]
TEXT = [{"name": "text", "type": "String"}]
STUCK = {
    "image": ("ImagePullBackOff", "image cannot be pulled"),
    "node": ("Unschedulable", "node"),
    "volume": ("FailedMount", "no-such-map"),
    "environment": ("CreateContainerConfigError", "no-such-map"),
}


def quota(name, **hard):
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": {"hard": hard}}


@pytest.fixture
def set_quota(kubectl, namespace, wait_for):
    """Apply a quota and wait until the API server counts."""

    def set_(**hard):
        kubectl.apply(quota("q", **hard), namespace=namespace)

        def counts():
            return kubectl.json("get", "resourcequota", "q", "-n", namespace)["status"].get("hard") == hard

        wait_for(counts, "the quota to count")

    return set_


@pytest.fixture(scope="module", autouse=True)
def stuck(new_namespace, runs_in):
    """A run whose tasks cannot start, each for another reason; begun before the other tests of this file."""
    runs = runs_in(new_namespace("stuck"))
    volume = {"volumes": [{"name": "v", "configMap": {"name": "no-such-map"}}]}
    volume |= {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    environment = {"envFrom": [{"configMapRef": {"name": "no-such-map"}}]}
    tasks = {
        "image": container("true", container={"image": "localhost/no-such-image:1"}),
        "node": container("true") | {"podTemplate": {"nodeSelector": {"kubernetes.io/hostname": "elsewhere"}}},
        "volume": container("true") | {"podTemplate": volume},
        "environment": container("true") | {"podTemplate": environment},
    }
    runs.start("stuck", tasks, pendingTimeout="40s")
    return runs


@pytest.mark.fault(
    "a ResourceQuota has no room for a Pod", seen="the task is Pending, `QuotaExceeded`, until there is room"
)
def test_quota_holds_a_task_back_until_there_is_room(runs, set_quota, kubectl, namespace):
    set_quota(pods="0")
    runs.start("patient", {"task": container("true")})
    runs.until("patient", lambda status: "QuotaExceeded" in str(status.get("tasks")), "the hint at the quota")
    kubectl("delete", "resourcequota", "q", "-n", namespace)
    runs.succeed("patient")


def test_a_run_fits_under_a_quota_and_a_limit_range(runs, store, set_quota, kubectl, namespace):
    limits = {"default": {"cpu": "500m", "memory": "128Mi"}, "defaultRequest": {"cpu": "10m", "memory": "32Mi"}}
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "defaults"}}
    kubectl.apply(body | {"spec": {"limits": [{"type": "Container", **limits}]}}, namespace=namespace)
    # Room for one task with its agent at a time.
    set_quota(**{"requests.cpu": "100m", "requests.memory": "200Mi", "limits.cpu": "2", "limits.memory": "300Mi"})
    tasks = {f"t{i}": container('echo hi > "$1"', {"outputPath": "text"}, outputs=TEXT) for i in range(2)}
    tasks["sum"] = container("true") | {"after": list(tasks)}
    runs.start("tight", tasks)
    _, tasks = runs.succeed("tight")
    assert {task["attempts"] for task in tasks.values()} == {1}


@pytest.mark.fault(
    "a ResourceQuota has no room for a run's ConfigMaps", seen="the run says `QuotaExceeded` until there is room"
)
def test_a_quota_of_config_maps_is_named_before_a_run_begins_and_within_it(runs, store, set_quota):
    set_quota(**{"count/configmaps": "2"})  # the cluster's certificates and the store's settings
    write = container('head -c 5000 /dev/zero | tr "\\0" x > "$1"', {"outputPath": "text"}, outputs=TEXT)
    read = container('test "$(wc -c < "$1")" = 5000', {"inputPath": "text"}, inputs=TEXT)
    tasks = {"write": write, "read": read | {"inputs": {"text": {"task": "write", "output": "text"}}}}
    runs.start("bulky", tasks)

    def held(phase):
        return lambda status: (status.get("phase"), condition(status).get("reason")) == (phase, "QuotaExceeded")

    runs.until("bulky", held("Pending"), "cannot begin")
    set_quota(**{"count/configmaps": "3"})
    status = runs.until("bulky", held("Running"), "cannot keep its outputs")
    assert "count/configmaps" in condition(status)["message"]
    set_quota(**{"count/configmaps": "4"})
    _, tasks = runs.succeed("bulky")
    assert {task["attempts"] for task in tasks.values()} == {1}


@pytest.mark.fault(
    "Pod Security admission refuses a Pod", seen="the task is Pending, `PodSecurityViolation`, which names the cure"
)
def test_a_namespace_with_restricted_pod_security_takes_restricted_runs_only(new_namespace, runs_in):
    runs = runs_in(new_namespace("strict", **{"pod-security.kubernetes.io/enforce": "restricted"}))
    runs.start("fits", {"task": container("true")}, podTemplate={"podSecurity": "restricted"})
    runs.start("refused", {"task": container("true")}, pendingTimeout="5s")
    runs.until("refused", lambda status: "PodSecurityViolation" in str(status.get("tasks")), "the hint")
    _, tasks = runs.end("refused")
    assert tasks["task"]["reason"] == "PendingTimeout"
    assert "podTemplate: {podSecurity: restricted}" in tasks["task"]["message"]
    runs.succeed("fits")
    runs.check_invariants()


def test_an_image_name_that_cannot_be_read_ends_the_task_at_once(runs):
    runs.start("misnamed", {"task": container("true", container={"image": "Not An Image"})})
    _, tasks = runs.end("misnamed", 60)
    assert tasks["task"]["reason"] == "InvalidImageName"


@pytest.mark.fault(
    "a Pod cannot start: its image, volume, or place is missing", seen="the task is Pending and says which"
)
@pytest.mark.parametrize("task", STUCK)
def test_a_pod_that_does_not_start_says_why(stuck, task):
    reason, words = STUCK[task]

    def hinted(status):
        seen = next(item for item in status.get("tasks", [{}]) if item.get("path") == task)
        return seen.get("reason") in (reason, "ErrImagePull", "PendingTimeout") and words in seen.get("message", "")

    stuck.until("stuck", hinted, f"a hint at {reason}")


@pytest.mark.fault("a Pod can never start", seen="the task fails `PendingTimeout` with the cause")
def test_what_can_never_start_ends_after_its_pending_timeout(stuck):
    _, tasks = stuck.end("stuck")
    assert {path: task["reason"] for path, task in tasks.items()} == dict.fromkeys(STUCK, "PendingTimeout")
    for path, (_, words) in STUCK.items():
        assert words in tasks[path]["message"]
    stuck.check_invariants()


@pytest.mark.fault("a task's node is lost", seen="another attempt once the node's object is gone; no retry is spent")
def test_a_lost_node_starts_the_next_attempt_only_when_the_node_is_gone(runs, kubectl, wait_for):
    def placed():
        return [pod["spec"].get("nodeName") for pod in runs.pods("stranded")] == [runs.namespace]

    def tried_again(status):
        return status.get("tasks", [{}])[0].get("attempts") == 2

    label = {"levada.test/node": runs.namespace}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": runs.namespace, "labels": label}}
    # Nobody runs this node: the scheduler gives it the Pod, which then stays as it is.
    kubectl("create", "-f", "-", stdin=json.dumps(node))
    capacity = {"cpu": "2", "memory": "1Gi", "pods": "10"}
    status = {"status": {"capacity": capacity, "allocatable": capacity}}
    kubectl("patch", "node", runs.namespace, "--subresource=status", "--type=merge", "-p",
            json.dumps(status))  # fmt: skip
    try:
        template = {"nodeSelector": label, "tolerations": [{"operator": "Exists"}]}
        runs.start("stranded", {"task": container("true") | {"podTemplate": template}})
        wait_for(placed, "the Pod to be placed")
    finally:
        kubectl("delete", "node", runs.namespace)
    # Nothing but the cluster's garbage collector says that the node will not come back.
    seen = runs.until("stranded", tried_again, "the second attempt", 240)
    assert "node no longer exists" in seen["tasks"][0]["message"]
    runs.delete("stranded")
    runs.wait_gone("stranded")
