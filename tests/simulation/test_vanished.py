"""A Pod whose object was removed by force may run on: its task starts again only when it cannot any more."""

import pytest

from invariants.history import Containers
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.scenario import Scenario, Task

HASTY = {"gracePeriodSeconds": 0}


def strip(server, name):
    server.patch("pods", NAMESPACE, name, {"metadata": {"finalizers": None}}, kind="merge")


def at_once(server, name):
    strip(server, name)
    server.delete("pods", NAMESPACE, name, HASTY)


def after_a_deletion(server, name):
    server.delete("pods", NAMESPACE, name)
    at_once(server, name)


def hastened_while_held(server, name):
    server.delete("pods", NAMESPACE, name, {"gracePeriodSeconds": 100})
    server.delete("pods", NAMESPACE, name, HASTY)
    strip(server, name)


def history_of(seed, vanish, restart=False):
    """A Pod runs and somebody strips its finalizers and removes it, one way or another; its containers take a while."""
    play = Play(Scenario(seed, {"run-0": [Task("t0", seconds=300.0)]}))

    def befall():
        (pod,) = play.server.list("pods")
        play.history.unheld.add(pod["metadata"]["uid"])
        if restart:
            play._stay_away(0)
        vanish(play.server, pod["metadata"]["name"])

    play.world.after(10.0, befall)
    return judged(play)


@pytest.mark.parametrize("restart", [False, True], ids=["seen", "while nobody led"])
@pytest.mark.parametrize("vanish", [at_once, after_a_deletion, hastened_while_held])
def test_the_next_attempt_waits_for_a_pod_that_vanished(vanish, restart):
    for seed in range(10):
        history = history_of(seed, vanish, restart)
        assert sum(isinstance(entry, Containers) and entry.is_running for entry in history.entries) == 2
