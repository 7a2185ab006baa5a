"""A run's timeout that hits while no operator is there: what the Pods say of their ends decides."""

import pytest

from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task, run_spec

LEFT, TIMEOUT, BACK = 6.0, 20, 36.0
"""Seconds at which the operator is killed, the timeout hits, and the next one comes."""


@pytest.mark.parametrize(
    ("seconds", "phase", "reason"),
    [(8.0, "Succeeded", "Succeeded"), (20.0, "Failed", "RunTimeout"), (90.0, "Failed", "RunTimeout")],
    ids=["all ended in time", "one ended late", "one still runs"],
)
def test_a_run_ends_as_if_somebody_had_looked(seconds, phase, reason):
    play = Play(Scenario(1, {}))
    play.world.random.choice = max  # of the times for which the operator may be away
    tasks = [Task("t0", seconds=2.0), Task("t1", seconds=seconds)]
    for task in tasks:
        play.kubelet._scripts["run", task.name] = {"exits": [0], "seconds": task.seconds, "outputs": {"n": "7"}}
    body = {"apiVersion": "levada.dev/v1alpha1", "metadata": {"name": "run"}}
    play.server.create(RUNS, NAMESPACE, body | {"spec": run_spec(tasks) | {"timeout": f"{TIMEOUT}s"}})
    play.world.after(LEFT, lambda: play._stay_away(0))

    history = judged(play)

    (back,) = [each for each in history.entries if getattr(each, "text", "") == "*** the operator starts"][1:]
    assert back.at == pytest.approx(BACK, abs=0.5)
    status = play.server.get(RUNS, NAMESPACE, "run")["status"]
    (verdict,) = [each for each in status["conditions"] if each["type"] == "Succeeded"]
    assert (status["phase"], verdict["reason"]) == (phase, reason)
    phases = {task["path"]: task["phase"] for task in status["tasks"]}
    assert phases == {"t0": "Succeeded", "t1": "Cancelled" if seconds > BACK else "Succeeded"}
