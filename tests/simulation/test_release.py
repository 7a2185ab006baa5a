"""What stands under a Pod's name by now is left alone when that Pod is let go or deleted."""

import asyncio

import msgspec
import pytest

from levada.kube import task_pods
from levada.planner.podview import PodView
from simulation.api import SimulatedApi
from simulation.play import NAMESPACE, Play
from simulation.scenario import Scenario, Task


@pytest.mark.parametrize("act", [lambda api, pod: task_pods.release(api, pod, {}), task_pods.delete])
def test_a_pod_that_was_replaced_stays_as_it_is(act):
    play = Play(Scenario(1, {"run-0": [Task("t0")]}))
    body = {"metadata": {"name": "x", "finalizers": ["levada.dev/result"]}, "spec": {}}
    made = play.server.create("pods", NAMESPACE, body)
    gone = msgspec.convert(made | {"metadata": made["metadata"] | {"uid": "before"}}, PodView)

    asyncio.run(act(SimulatedApi(play.replica), gone))

    assert play.server.get("pods", NAMESPACE, "x") == made
