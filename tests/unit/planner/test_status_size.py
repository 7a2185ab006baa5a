"""The status of a run stays small, whatever its tasks make and say."""

import json
import secrets
from datetime import UTC, datetime

from levada.graph.model import TaskOutput
from levada.planner.attempt import Failure, Success
from levada.planner.encoding import FAILED_SHOWN, INLINE, SHARD, decode_rows
from levada.planner.reasons import ERROR
from levada.planner.run import Run
from levada.planner.status import Shards, tasks_status
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST = 1_500_000
"""Bytes of a request that the API server takes."""
STATES = 1_048_576
"""Characters of `taskStates` that the schema takes."""


def finished(*sizes: int) -> Run:
    names = [f"t{index}" for index in range(len(sizes))]
    outputs = {name: TaskOutput(name, "n") for name in names}
    run = Run(graph(*map(task, names), outputs=outputs), {})
    for name, size in zip(names, sizes, strict=True):
        run.observe(name, 0, Success({"n": "x" * size}), NOW)
    return run


def test_bulky_outputs_are_grouped_so_that_each_config_map_holds_its_share():
    groups = Shards().unplaced(finished(SHARD // 2, 10, SHARD // 3, SHARD // 2))
    assert [list(group) for group in groups] == [["t0", "t2"], ["t3"], [""]]


def test_what_stands_somewhere_is_not_placed_again():
    shards = Shards({"t0": 0, "": 1}, ["a", "b"])
    assert shards.unplaced(finished(50_000)) == []


def test_a_runs_small_outputs_stay_in_its_status():
    run = finished(50_000, 10)
    assert tasks_status(run, Shards({"t0": 0, "": 1}, ["a", "b"]))["outputs"] == {"t1": "x" * 10}


def test_many_small_outputs_together_are_bulky_too():
    few, many = finished(*[1000] * (INLINE // 2000)), finished(*[1000] * (INLINE // 500))
    assert [list(group) for group in Shards({"": 0}).unplaced(few)] == []
    assert [len(group) for group in Shards({"": 0}).unplaced(many)] == [len(many.leaves)]


def test_ten_thousand_failures_with_logs_fit_into_one_request():
    run = Run(graph(*(task(f"a-task-with-a-name-{index}") for index in range(10_000))), {})
    for leaf in run.leaves.values():
        leaf.pod = f"run-{leaf.path}-0-{secrets.token_hex(5)}"
        log = secrets.token_hex(1000)
        run.observe(leaf.path, 0, Failure(ERROR, f"exited with code 1: {log}", 1, log, NOW, NOW), NOW)
    status = tasks_status(run, Shards())
    assert len(status["taskStates"]) < STATES
    assert len(json.dumps(status)) < REQUEST
    rows = decode_rows(status["taskStates"])
    assert len(rows) == len(run.leaves)
    assert all(row.log for row in rows[:FAILED_SHOWN])
