"""Two replicas share a cluster: whatever befalls the one that leads, the other goes on in time; nothing runs twice."""

import pytest

from invariants.history import Note
from simulation.contender import LEASE
from simulation.judging import fault_of, judged
from simulation.pair import Pair
from simulation.scenario import STOP_BEFORE, Fault, Scenario, Task

TASKS = [Task("t0", kind="list", seconds=6.0), Task("t1", needs=["t0"], kind="pair", seconds=12.0), Task("t2", exit=1)]
MOST_REQUESTS = 30
TAKEOVER = LEASE.duration + LEASE.retry + 1.0
"""Seconds from the last renewal until another leads; one renewed right before its end gives the longest."""


def leaders(history):
    """When each replica began to lead."""
    return [entry.at for entry in history.entries if isinstance(entry, Note) and entry.text.endswith(" leads")]


@pytest.mark.parametrize("what", ["kill", "stop", "cut"])
def test_another_leads_in_time(what):
    play = Pair(Scenario(1, {"run-0": TASKS}))
    befall = {
        "kill": lambda leader: leader.kill(),
        "stop": lambda leader: leader.stop(60.0),
        "cut": lambda leader: leader.cut(60.0),
    }
    play.world.after(7.0, lambda: befall[what](next(each for each in play.contenders if each.leader)))

    history = judged(play)

    first, second = leaders(history)
    assert first < LEASE.retry + 1.0
    assert 7.0 < second < 7.0 + TAKEOVER


def test_one_that_is_cut_off_stops_to_lead_before_the_other_begins():
    play = Pair(Scenario(1, {"run-0": TASKS}))
    seen = []

    def look():
        seen.append(sum(each.lease.holds() for each in play.contenders))
        if play.world.now < 80.0:
            play.world.after(0.1, look)

    play.world.after(7.0, lambda: next(each for each in play.contenders if each.leader).cut(60.0))
    play.world.after(1.0, look)

    judged(play)

    assert max(seen) == 1
    assert seen[-1] == 1


@pytest.mark.parametrize("number", range(1, MOST_REQUESTS + 1))
def test_one_that_stands_still_between_the_fence_and_any_request_does_no_harm_when_it_goes_on(number):
    for seed in range(3):  # short and long stops, which the seed chooses
        assert fault_of(Scenario(seed, {"run-0": TASKS}, [Fault(STOP_BEFORE, number)], replicas=2)) is None, seed
