"""What a run costs, counted and not timed: the figures are the same on every machine.

One that rises fails. Where it has to rise, the table says so from then on; where it falls, the table follows.
"""

import sys
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest

from bench.planner import chain, fan, loop, nested
from levada.kube.reconciler import Reconciler
from levada.planner.attempt import Success, Waiting
from levada.planner.names import pod_name
from levada.planner.run import Run
from levada.planner.status import Shards, tasks_status
from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TASKS = 60
SHAPES = {
    "fan": [Task(f"t{number}") for number in range(TASKS)],
    "chain": [Task(f"t{number}", [f"t{number - 1}"] if number else []) for number in range(TASKS)],
    "failing": [Task(f"t{number}", exit=1) for number in range(TASKS)],
    "agents": [Task(f"t{number}", kind="pair") for number in range(TASKS)],
}
ALWAYS = {
    "list pods": 2,  # those with our label and those without, once
    "create configmaps": 1,
    "patch pipelineruns": 1,
    "create pods": TASKS,
    "patch pods": TASKS,  # the finalizer
}
# Tasks take seconds here, so that each may have status writes of its own. The run is read when it begins, and once more
# for each of its events that comes before what we wrote is known; Events are read of Pods that wait long.
MORE = {
    "fan": {"patch status of pipelineruns": 23, "get pipelineruns": 5, "list events": 1},
    "chain": {"patch status of pipelineruns": 123, "get pipelineruns": 5, "list events": 3},
    "failing": {"patch status of pipelineruns": 23, "get pipelineruns": 5, "list events": 1},
    "agents": {"patch status of pipelineruns": 34, "get pipelineruns": 5, "list events": 1},
}
STEPS = {"fan": 69, "chain": 318, "failing": 66, "agents": 91}
"""How often a run of `TASKS` tasks is looked at: what happens to tasks that nothing waits for is seen together."""
SEEDS = range(5)
GRAPHS = {"fan": fan, "chain": chain, "loop": loop, "nested": nested}
CALLS = {"fan": 75.1, "chain": 79.1, "loop": 75.2, "nested": 80.9}
"""Calls of the planner's functions for each task, in a run of `LARGE` tasks."""
SMALL, LARGE = 100, 1000
BYTES = {"fan": 21.0, "chain": 21.0, "loop": 21.0, "nested": 23.5}
"""Of the status for each task of `LARGE`, all of them over. Compression differs a little between versions of zlib."""


def sent(shape):
    """Requests of one run, on average of some in which other things happen first."""
    total = Counter()
    for seed in SEEDS:
        play = Play(Scenario(seed, {"run": SHAPES[shape]}))
        judged(play)
        assert play.server.get(RUNS, NAMESPACE, "run")["status"]["completionTime"]
        total += play.trouble.sent
    return {what: count / len(SEEDS) for what, count in total.items()}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_sends_no_more_requests_than_before(shape):
    now, known = sent(shape), ALWAYS | MORE[shape]
    assert {what: count for what, count in now.items() if count > known.get(what, 0)} == {}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_is_looked_at_no_more_often_than_before(shape, monkeypatch):
    steps, step = 0, Reconciler.reconcile_run

    async def counted(reconciler, namespace, name):
        nonlocal steps
        steps += 1
        return await step(reconciler, namespace, name)

    monkeypatch.setattr(Reconciler, "reconcile_run", counted)
    sent(shape)
    assert steps / len(SEEDS) <= STEPS[shape]


def played_to_its_end(graph):
    run = Run(graph, {}, started=NOW)
    ready = [start.leaf for start in run.plan(NOW).starts]
    while ready:
        leaf = ready.pop()
        leaf.pod = pod_name("run", "uid", leaf.path, 0)
        run.observe(leaf.path, leaf.attempt, Waiting(), NOW)
        run.observe(leaf.path, leaf.attempt, Success({"n": 1}), NOW)
        ready += [start.leaf for start in run.plan(NOW).starts]
    assert run.is_final
    return run


def calls(graph):
    """How often a function of the planner was called while the graph was played."""
    count = 0

    def note(frame, event, _):
        nonlocal count
        count += event == "call" and "levada/planner" in frame.f_code.co_filename

    sys.setprofile(note)
    try:
        played_to_its_end(graph)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", GRAPHS)
def test_an_event_costs_the_planner_no_more_than_before_however_large_the_run(shape):
    small, large = (calls(GRAPHS[shape](size)) / size for size in (SMALL, LARGE))
    assert large <= CALLS[shape]
    assert large <= 1.02 * small


@pytest.mark.parametrize("shape", GRAPHS)
def test_a_task_takes_no_more_bytes_of_the_status_than_before(shape):
    run = played_to_its_end(GRAPHS[shape](LARGE))
    status = msgspec.json.encode(tasks_status(run, Shards()))
    assert len(status) / LARGE <= BYTES[shape]
