"""A Pod whose object was removed by force may run on: its task starts again only when it cannot any more."""

from invariants.checker import one_live_pod_per_task
from invariants.history import Containers
from simulation.play import NAMESPACE, Play, played
from simulation.scenario import Scenario, Task


def history_of(seed):
    """A Pod runs, somebody strips its finalizers and removes it; the node takes up to 20 s to notice."""
    play = Play(Scenario(seed, {"run-0": [Task("t0", seconds=60.0)]}))

    def vanish():
        (pod,) = play.server.list("pods")
        name = pod["metadata"]["name"]
        play.server.patch("pods", NAMESPACE, name, {"metadata": {"finalizers": None}}, kind="merge")
        play.server.delete("pods", NAMESPACE, name, {"gracePeriodSeconds": 0})

    play.world.after(10.0, vanish)
    ((_, history),) = played([play])
    return history


def test_the_next_attempt_waits_for_a_pod_that_vanished():
    for history in map(history_of, range(10)):
        assert list(one_live_pod_per_task(history)) == []
        assert sum(isinstance(entry, Containers) and entry.is_running for entry in history.entries) == 2
