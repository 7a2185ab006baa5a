"""All runs together stay within the installation's limit, also while it is not known yet what they do."""

from dataclasses import dataclass
from datetime import UTC, datetime

from levada.graph.model import Component, Graph, Task
from levada.kube.sharing import Sharing
from levada.planner.attempt import Success
from levada.planner.names import Key
from levada.planner.run import Run
from unit.planner.pods import RUNS, ended, pod

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BIG, SMALL = Key("a", "big"), Key("b", "small")


@dataclass
class Active:
    run: Run


def run_of(count, parallelism=None):
    tasks = {f"t{number}": Task(f"t{number}", Component({}, {}, "image")) for number in range(count)}
    return Active(Run(Graph({}, tasks, parallelism=parallelism), {}))


def start(sharing, active, key):
    return len(active[key].run.plan(NOW, sharing.room(key)).starts)


def test_without_a_limit_everybody_starts_what_it_likes():
    active = {BIG: run_of(100)}
    sharing = Sharing(None, active)
    assert sharing.room(BIG) is None
    assert list(sharing.next_ones()) == []


def test_what_is_under_way_counts_until_it_has_ended_and_then_the_other_has_its_turn():
    active = {BIG: run_of(100)}
    sharing = Sharing(4, active)
    assert start(sharing, active, BIG) == 4
    active[SMALL] = run_of(3)
    assert start(sharing, active, SMALL) == 0
    assert list(sharing.next_ones()) == []
    active[BIG].run.observe("t0", 0, Success({}), NOW)
    assert list(sharing.next_ones()) == [SMALL]
    assert start(sharing, active, BIG) == 0
    assert start(sharing, active, SMALL) == 1


def test_a_run_that_may_start_no_more_by_its_own_limit_takes_no_room():
    active = {BIG: run_of(100, parallelism=1), SMALL: run_of(5)}
    sharing = Sharing(4, active)
    assert start(sharing, active, BIG) == 1
    assert start(sharing, active, SMALL) == 3
    assert list(sharing.next_ones()) == []


def test_pods_of_runs_that_were_not_taken_up_yet_count_until_they_are_dead_or_gone():
    active = {SMALL: run_of(5)}
    sharing = Sharing(3, active)
    for name in ("one", "two"):
        sharing.saw(BIG, name, pod(RUNS))
    assert start(sharing, active, SMALL) == 1
    sharing.saw(BIG, "one", None)
    assert start(sharing, active, SMALL) == 1
    sharing.saw(BIG, "two", pod(ended()))
    assert start(sharing, active, SMALL) == 1
