"""A Pod that stands where ours should is adopted only if we made it: right owner, right content."""

import pytest

from levada.planner.names import SPEC_ANNOTATION, pod_name
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task


@pytest.mark.threat(
    "a Pod is forged under the name of a task's",
    holds="adopted only with the run's UID and the hash of what would be made; who may create Pods can forge both",
)
@pytest.mark.parametrize(
    ("owner", "is_same"), [("somebody", True), ("run", False)], ids=["another owner", "another content"]
)
def test_a_strangers_pod_of_the_same_name_is_never_taken_for_ours(owner, is_same):
    scenario = Scenario(1, {"run-0": [Task("t0")]})
    undisturbed = Play(scenario)
    judged(undisturbed)
    (made,) = undisturbed.server.list("pods")
    spec_hash = made["metadata"]["annotations"][SPEC_ANNOTATION] if is_same else "sha256:0"
    play = Play(scenario)
    run = play.server.get(RUNS, NAMESPACE, "run-0")["metadata"]
    somebody = play.server.create("configmaps", NAMESPACE, {"metadata": {"name": "somebody"}})["metadata"]
    owned = [{"uid": (run if owner == "run" else somebody)["uid"], "name": "run-0"}]
    metadata = {"name": pod_name("run-0", run["uid"], "t0", 0), "annotations": {SPEC_ANNOTATION: spec_hash}}
    stranger = {"metadata": metadata | {"ownerReferences": owned}, "spec": {}}
    before = play.server.create("pods", NAMESPACE, stranger)["metadata"]["uid"]

    play.history.expected.clear()  # it does not end as without the stranger
    judged(play)

    status = play.server.get(RUNS, NAMESPACE, "run-0")["status"]
    assert [(task["phase"], task["reason"]) for task in status["tasks"]] == [("Failed", "NameTaken")]
    assert play.server.get("pods", NAMESPACE, metadata["name"])["metadata"]["uid"] == before
