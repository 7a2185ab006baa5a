"""What somebody has garbled stops the run that it is about alone, or nothing; the run goes on when it is put right."""

import math
from unittest.mock import patch

import pytest

from invariants.history import tasks_of
from levada.kube.active_run import STORE_AGAIN
from levada.kube.strays import Strays
from simulation.api import SimulatedStore
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task


def stalled(change):
    """Status and reason of the condition `Stalled`."""
    conditions = change.object.get("status", {}).get("conditions", [])
    return next(((each["status"], each["reason"]) for each in conditions if each["type"] == "Stalled"), None)


def test_a_record_that_was_garbled_stalls_its_run_alone_until_it_is_put_right():
    tasks = [Task("t0", seconds=8.0), Task("t1", needs=["t0"])]
    play = Play(Scenario(1, {"bad": tasks, "good": tasks}))
    kept = []

    def write(text):
        play.server.patch(RUNS, NAMESPACE, "bad", {"status": {"taskStates": text}}, kind="merge", status=True)

    def garble():
        kept.append(play.server.get(RUNS, NAMESPACE, "bad")["status"]["taskStates"])
        write("no base64")
        play._stay_away(0)  # who knows the run needs no record: another one has to take it up

    play.world.after(4.0, garble)
    play.world.after(300.0, lambda: write(kept[0]))

    history = judged(play)  # both have ended as they should

    seen = [
        (change.at, change.object["metadata"]["name"], stalled(change)) for change in history.changes("PipelineRun")
    ]
    states = [state for _, name, state in seen if name == "bad" and state]
    order = [state for n, state in enumerate(states) if state != states[n - 1] or not n]
    assert order == [("False", "Running"), ("True", "ReconcileFailed"), ("False", "Running"), ("False", "Succeeded")]
    assert max(at for at, name, _ in seen if name == "good") < 60.0
    (first, *_) = [event for event in history.changes("Event") if event.object["reason"] == "ReconcileFailed"]
    assert first.object["metadata"]["name"].startswith("bad.")
    assert "taskStates" in first.object["note"]
    writes = [at for at, name, _ in seen if name == "bad" and 4.0 < at < 300.0]
    assert len(writes) == 1, "what is said already is not written again"


@pytest.mark.threat("the annotations of a task's Pod are edited while it runs", holds="the run goes on as it was")
@pytest.mark.parametrize("said", [None, "", "first", "7"])
def test_what_a_pod_says_of_itself_does_not_count_once_it_is_known(said):
    play = Play(Scenario(1, {"run": [Task("t0", seconds=8.0), Task("t1", needs=["t0"], seconds=9.0, kind="list")]}))

    def garble():
        for pod in play.server.list("pods"):
            patch = {"metadata": {"annotations": {"levada.dev/attempt": said, "levada.dev/task": said}}}
            play.server.patch("pods", NAMESPACE, pod["metadata"]["name"], patch, kind="merge")

    for at in (4.0, 16.0):
        play.world.after(at, garble)
    judged(play)
    status = play.server.get(RUNS, NAMESPACE, "run")["status"]
    assert [(task["phase"], task["attempts"]) for task in status["tasks"]] == [("Succeeded", 1), ("Succeeded", 1)]
    pods = [pod["metadata"] for pod in play.server.list("pods")]
    assert [pod.get("finalizers") for pod in pods] == [[], []]
    assert {pod["annotations"].get("levada.dev/attempt") for pod in pods} == {said}


@pytest.mark.parametrize("restarted", [False, True], ids=["seen", "found after a restart"])
def test_a_pod_that_lost_its_owner_while_it_ran_is_still_the_tasks(restarted):
    play = Play(Scenario(1, {"run": [Task("t0", seconds=8.0)]}))

    def disown():
        play._disown(0)
        if restarted:
            play._stay_away(0)

    play.world.after(4.0, disown)
    play.world.after(60.0, lambda: play._delete_run(0))
    history = judged(play)
    *_, last = (tasks_of(change.object) for change in history.changes("PipelineRun"))
    assert [(task["phase"], task["attempts"]) for task in last.values()] == [("Succeeded", 1)]
    assert play.server.list("pods") == [], "without an owner it does not go with its run by itself"


def test_a_pod_that_no_list_shows_is_asked_for_before_it_is_thought_gone():
    play = Play(Scenario(1, {"run": [Task("t0", seconds=300.0)]}))

    def hide():
        play._unlabel(0)
        play._stay_away(0)  # who comes after has never seen it

    async def in_vain(_):
        return math.inf

    play.world.after(10.0, hide)
    with patch.object(Strays, "look", in_vain):  # which finds it too, sooner or later
        history = judged(play)
    *_, last = (tasks_of(change.object) for change in history.changes("PipelineRun"))
    assert [(task["phase"], task["attempts"]) for task in last.values()] == [("Succeeded", 1)]


@pytest.mark.threat("a task's Pod is removed by force and a stranger's takes its name", holds="another attempt runs")
def test_a_strangers_pod_in_the_place_of_a_tasks_is_not_waited_for():
    play = Play(Scenario(1, {"run": [Task("t0", seconds=8.0)]}))

    def replace():
        (pod,) = play.server.list("pods")
        play._let_go(0)
        play.server.delete("pods", NAMESPACE, pod["metadata"]["name"], {"gracePeriodSeconds": 0})
        metadata = {key: pod["metadata"][key] for key in ("name", "labels")}
        play.server.create("pods", NAMESPACE, {"metadata": metadata, "spec": {}})

    play.world.after(4.0, replace)
    judged(play)
    (task,) = play.server.get(RUNS, NAMESPACE, "run")["status"]["tasks"]
    assert (task["phase"], task["attempts"]) == ("Succeeded", 2)
    assert "ownerReferences" not in play.server.list("pods")[0]["metadata"], "the stranger's is as it was"


@pytest.mark.threat("a stranger's Pod has a run's label and says nonsense of itself", holds="the run goes on")
def test_a_strangers_pod_that_makes_no_sense_stops_nothing():
    play = Play(Scenario(1, {"run": [Task("t0", seconds=8.0)]}))
    metadata = {"name": "forged", "labels": {"levada.dev/run": "run"}, "annotations": {"levada.dev/attempt": "first"}}
    metadata["finalizers"] = ["levada.dev/result"]
    play.world.after(2.0, lambda: play.server.create("pods", NAMESPACE, {"metadata": metadata, "spec": {}}))
    judged(play)
    status = play.server.get(RUNS, NAMESPACE, "run")["status"]
    assert [(task["phase"], task["attempts"]) for task in status["tasks"]] == [("Succeeded", 1)]


def test_a_store_that_is_away_is_asked_once_for_many_pods():
    """An answer that does not come takes a worker of the operator many seconds."""
    play = Play(Scenario(1, {"run": [Task(f"t{i}", kind="bulky", seconds=10.0) for i in range(8)]}))
    play._store_away(9)
    asked = []
    reach = SimulatedStore._reach
    with patch.object(SimulatedStore, "_reach", lambda store: asked.append(play.world.now) or reach(store)):
        judged(play)
    in_vain = [at for at in asked if at < play.trouble.store_until]
    assert 10 < len(in_vain) <= play.trouble.store_until / STORE_AGAIN.total_seconds()
