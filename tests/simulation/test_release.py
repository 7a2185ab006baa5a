"""What stands under a Pod's name by now is left alone when that Pod is let go or deleted."""

import asyncio

import msgspec
import pytest

from levada.kube import task_pods
from levada.planner.podview import PodView
from simulation.api import SimulatedApi
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task


@pytest.mark.parametrize("act", [lambda api, pod: task_pods.release(api, pod, {}), task_pods.delete])
def test_a_pod_that_was_replaced_stays_as_it_is(act):
    play = Play(Scenario(1, {"run-0": [Task("t0")]}))
    body = {"metadata": {"name": "x", "finalizers": ["levada.dev/result"]}, "spec": {}}
    made = play.server.create("pods", NAMESPACE, body)
    gone = msgspec.convert(made | {"metadata": made["metadata"] | {"uid": "before"}}, PodView)

    asyncio.run(act(SimulatedApi(play.replica), gone))

    assert play.server.get("pods", NAMESPACE, "x") == made


@pytest.mark.parametrize("orphaned", [False, True], ids=["deleted", "orphaned"])
def test_pods_of_a_run_that_was_replaced_do_not_wait_for_the_end_of_the_next(orphaned):
    play = Play(Scenario(1, {"run": [Task("t0", seconds=600.0)]}))
    left = []

    def replace():
        (play._orphan_run if orphaned else play._delete_run)(0)
        for config_map in play.server.list("configmaps"):
            play.server.delete("configmaps", NAMESPACE, config_map["metadata"]["name"])
        play._apply("run")

    play.world.after(10.0, replace)
    play.world.after(200.0, lambda: left.extend(play.server.list("pods")))
    judged(play)
    assert len(left) == 1, "that of the run which is at work"
    assert play.server.get(RUNS, NAMESPACE, "run")["status"]["phase"] == "Succeeded"


def test_a_run_says_which_config_map_stands_in_its_way():
    play = Play(Scenario(1, {"run": [Task("t0")]}))
    play.server.create("configmaps", NAMESPACE, {"metadata": {"name": "run-graph"}})
    said = []
    play.world.after(60.0, lambda: said.append(play.server.get(RUNS, NAMESPACE, "run")["status"]))
    play.world.after(61.0, lambda: play.server.delete("configmaps", NAMESPACE, "run-graph"))
    judged(play)
    (told,) = [item for item in said[0]["conditions"] if item["type"] == "Succeeded"]
    assert (said[0]["phase"], told["reason"]) == ("Pending", "NameTaken")
    assert "run-graph" in told["message"]
    assert play.server.get(RUNS, NAMESPACE, "run")["status"]["phase"] == "Succeeded"
