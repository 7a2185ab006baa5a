"""A Pod whose object was removed by force may run on: its task starts again only when it cannot any more."""

import itertools

import pytest

from invariants.history import Change, Containers, tasks_of
from levada.planner.reasons import POD_LOST
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Fault, Scenario, Task

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
        changes = [entry for entry in history.entries if isinstance(entry, Change) and entry.kind == "PipelineRun"]
        told = {
            (task["phase"], task.get("message", "")) for entry in changes for task in tasks_of(entry.object).values()
        }
        assert any(phase == "Running" and "something of it may still run" in message for phase, message in told)


def test_a_pod_that_vanished_before_the_status_told_of_it_is_known_after_a_restart():
    for seed in range(10):
        play = Play(Scenario(seed, {"run-0": [Task("t0", seconds=300.0)]}))

        def befall(play=play):
            """As soon as it runs it vanishes; the operator sees that, says so, and is killed."""
            pods = play.server.list("pods")
            if not pods or not pods[0].get("status", {}).get("containerStatuses"):
                play.world.after(0.01, befall)
                return
            play.history.unheld.add(pods[0]["metadata"]["uid"])
            at_once(play.server, pods[0]["metadata"]["name"])
            play.world.after(2.0, lambda: play._stay_away(0))

        play.world.after(0.1, befall)
        assert sum(isinstance(entry, Containers) and entry.is_running for entry in judged(play).entries) == 2


@pytest.mark.parametrize("restart", [False, True])
def test_a_pod_that_vanished_while_its_status_could_not_be_written_is_remembered(restart):
    """It vanishes before the next try, after which the operator is killed as soon as the status says so."""
    for tenths in range(40):
        play = Play(Scenario(60238, {"run-0": [Task("t0", seconds=6.31)]}, [Fault("500", 9)]))

        def befall(play=play):
            for pod in play.server.list("pods"):
                play.history.unheld.add(pod["metadata"]["uid"])
                at_once(play.server, pod["metadata"]["name"])
            if restart:
                kill_once_told(play)

        def kill_once_told(play):
            (run,) = play.server.list(RUNS)
            if tasks_of(run).get("t0", {}).get("reason") == POD_LOST:
                play._stay_away(0)
            elif play.world.now < 20.0:
                play.world.after(0.05, lambda: kill_once_told(play))

        play.world.after(1.0 + tenths / 10, befall)
        judged(play)


def test_a_run_that_was_applied_again_is_not_taken_for_the_one_that_is_over():
    """Its Pod vanishes while a status write has failed: one moment is before the next try."""
    for request, quarter in itertools.product(range(17, 22), range(8)):
        faults = [Fault("500", request), Fault("vanish", 21.0 + quarter / 4)]
        play = Play(Scenario(0, {"run-0": [Task("t0", seconds=5.0)]}, faults))

        def replace(play=play):
            """The Pod of the run before stays: somebody else holds it."""
            (pod,) = play.server.list("pods")
            held = {"metadata": {"finalizers": ["example.com/audit"]}}
            play.server.patch("pods", NAMESPACE, pod["metadata"]["name"], held, kind="merge")
            play._delete_run(0)
            play._apply("run-0")
            play.world.after(60.0, lambda: strip(play.server, pod["metadata"]["name"]))

        play.world.after(20.0, replace)
        judged(play)
