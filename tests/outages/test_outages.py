"""Each part of the cluster is away for a while, in the middle of a run: the run ends as if nothing had happened."""

import time

import pytest

from cluster import containers, control_plane, node, processes, store
from e2e.runs import container

TEXT = [{"name": "text", "type": "String"}]
WRITTEN = [{"name": "a"}, {"name": "b"}]
SHORT = 10
LONG = 20
"""Seconds that something is away; the lease holds for 15."""
MINUTE = 60


@pytest.fixture
def outlives(runs_in, new_namespace, give_store, request):
    """`outlives(start, "kubelet", seconds=10)` stops that daemon while a task of a run works, and starts it again."""
    namespace = new_namespace(request.node.name.removeprefix("test_").replace("_", "-"))
    give_store(namespace)
    runs = runs_in(namespace)

    def outlives_(start, *daemons, seconds):
        write = container('printf made > "$1"', {"outputPath": "text"}, outputs=TEXT)
        slow = container('sleep 8; printf slow > "$1"', {"outputPath": "text"}, outputs=TEXT)
        both = ({"inputValue": "a"}, {"inputValue": "b"}, {"outputPath": "text"})
        join = container('printf "%s %s" "$1" "$2" > "$3"', *both, inputs=WRITTEN, outputs=TEXT)
        taken = {"a": {"task": "write", "output": "text"}, "b": {"task": "slow", "output": "text"}}
        runs.start("outlives", {"write": write, "slow": slow, "join": join | {"inputs": taken}},
                   outputs={"text": {"task": "join", "output": "text"}})  # fmt: skip
        runs.until("outlives", lambda status: _phase(status, "slow") == "Running", "the slow task at work")
        for daemon in daemons:
            processes.stop(daemon)
        try:
            time.sleep(seconds)  # how long it is away is what is tested
        finally:
            start()
        status, tasks = runs.succeed("outlives", 240)
        assert status["outputs"] == {"text": "made slow"}
        assert {path: task["attempts"] for path, task in tasks.items()} == dict.fromkeys(tasks, 1)
        runs.check_invariants()

    return outlives_


def _phase(status, path):
    return next((task["phase"] for task in status.get("tasks", []) if task["path"] == path), None)


@pytest.mark.fault("the kubelet is stopped and started again", seen="nothing: Pods run on, and are seen to have ended")
def test_the_kubelet_is_away(outlives):
    outlives(node.start, "kubelet", seconds=LONG)


@pytest.mark.fault("containerd is stopped and started again", seen="nothing: containers run on without it")
def test_containerd_is_away(outlives):
    outlives(containers.start, containers.NAME, seconds=SHORT)


@pytest.mark.fault(
    "the API server is stopped and started again",
    seen="nothing is started or written until it is back; the lease is taken anew",
)
def test_the_api_server_is_away(outlives):
    outlives(control_plane.start, "kube-apiserver", seconds=LONG)


@pytest.mark.fault(
    "etcd is stopped and started again", seen="as if the API server were away, which answers with errors"
)
def test_etcd_is_away(outlives):
    outlives(control_plane.start, "etcd", seconds=LONG)


@pytest.mark.fault(
    "the scheduler and the controller manager are stopped and started again",
    seen="tasks stay Pending until they are back",
)
def test_nobody_places_pods(outlives):
    outlives(control_plane.start, "kube-scheduler", "kube-controller-manager", seconds=LONG)


@pytest.mark.fault(
    "the store is away for a minute", seen="agents wait with their uploads; results are read when it is back"
)
def test_the_store_is_away_for_a_minute(outlives):
    outlives(store.start, store.NAME, seconds=MINUTE)
