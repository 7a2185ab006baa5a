"""At each request of a small run in turn the operator is killed, or the run replaced: it ends as it would have."""

from functools import partial

import pytest

from invariants.history import Note, end_state, tasks_of
from levada.planner.encoding import BULKY
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Fault, Scenario, Task

TASKS = [
    Task("t0", kind="list"),
    Task("t1", over="t0"),
    Task("t2", flaws=1),
    Task("t3", needs=["t2"], kind="bulky"),
    Task("t4", needs=["t1", "t3"]),
]
ATTEMPTS = {"t0": 1, "t1[0]": 1, "t1[1]": 1, "t2": 2, "t3": 1, "t4": 1}
CRASH = "*** the operator crashes"


def small_run(*faults):
    return Play(Scenario(1, {"run": TASKS}, list(faults)))


def end_of(play):
    """How the run ends, how often each task was tried, and how many Pods there are then."""
    judged(play)
    run = play.server.get(RUNS, NAMESPACE, "run")
    kept = {item["metadata"]["name"]: item for item in play.server.list("configmaps")}
    attempts = {path: task["attempts"] for path, task in tasks_of(run).items() if path != "t1"}
    return end_state(run, kept), attempts, len(play.server.list("pods"))


@pytest.fixture(scope="module")
def calm():
    """How it ends when nothing happens, and how many requests it takes."""
    play = small_run()
    return end_of(play), play.trouble.count


def test_the_small_run_has_a_bit_of_everything(calm):
    (end, attempts, pods), requests = calm
    assert end["phase"] == "Succeeded"
    assert len(end["tasks"]["t3"][1]["s"]) > BULKY
    assert attempts == ATTEMPTS
    assert pods == sum(ATTEMPTS.values())
    assert requests > 2 * pods  # each is made and let go


@pytest.mark.parametrize("kind", ["crash before", "crash after"])
def test_whichever_request_the_operator_dies_at_the_run_ends_as_without(calm, kind):
    expected, requests = calm
    for number in range(1, requests + 1):
        play = small_run(Fault(kind, number))
        assert end_of(play) == expected, number
        assert [entry.text for entry in play.history.entries if isinstance(entry, Note)].count(CRASH) == 1, number


def replace(play):
    """Delete the run and apply it again, before anybody can see that it was away."""
    play._delete_run(0)
    play._apply("run")


def test_whenever_a_run_is_applied_again_under_its_name_the_new_one_ends_as_if_it_were_the_first(calm):
    expected, requests = calm
    for number in range(1, requests + 1):
        play = small_run()
        before = play.server.get(RUNS, NAMESPACE, "run")["metadata"]["uid"]
        play.trouble.meddling[number] = partial(replace, play)
        assert end_of(play) == expected, number
        assert play.server.get(RUNS, NAMESPACE, "run")["metadata"]["uid"] != before
