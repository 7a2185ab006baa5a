"""The status of a run stays small, whatever its tasks make and say."""

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from levada.graph.model import Graph, Literal, Loop, Task, TaskOutput
from levada.graph.policies import Retry
from levada.planner.attempt import Failure, Success
from levada.planner.encoding import FAILED_SHOWN, INLINE, SHARD, Row, decode_rows, encode_rows, row_of, shed
from levada.planner.nodes import Phase
from levada.planner.reasons import ERROR
from levada.planner.run import Run
from levada.planner.status import Shards, Standing, stopped_tasks, tasks_status
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


def wordy(count: int) -> Run:
    """A run whose tasks have failed once, with words that no compression makes shorter; every second one mended it."""
    tasks = (replace(task(f"t{index}"), retry=Retry(limit=1)) for index in range(count))
    run = Run(graph(*tasks), {}, started=NOW)
    for index, leaf in enumerate(list(run.leaves.values())):
        leaf.pod = f"run-{leaf.path}-0-{secrets.token_hex(5)}"
        words = secrets.token_hex(512)
        run.observe(leaf.path, 0, Failure(ERROR, words, 1, words, NOW + timedelta(seconds=index), NOW), NOW)
        leaf.miss = words
        if index % 2:
            run.observe(leaf.path, 1, Success({"n": index}, NOW + timedelta(seconds=index), NOW), NOW)
    return run


def going_on(rows: list[Row]) -> list[tuple]:
    """What a restart needs of each row."""
    return [(row.path, row.phase, row.attempt, row.pod, row.reason, row.outputs, row.shard) for row in rows]


def test_a_status_that_would_be_too_large_is_written_without_words_and_restores_the_same():
    run = wordy(20_000)
    shards = Shards(dict.fromkeys(run.leaves, 0), ["outputs"])
    status = tasks_status(run, shards)
    assert len(status["taskStates"]) < STATES
    assert len(json.dumps(status)) < REQUEST
    rows = decode_rows(status["taskStates"])
    assert going_on(rows) == going_on([row_of(leaf, 0) for leaf in run.leaves.values()])
    assert {(row.message, row.miss) for row in rows} == {("", "")}
    assert all(row.started for row in rows if row.phase is Phase.SUCCEEDED)


def test_words_are_left_out_first_and_times_only_where_that_does_not_do():
    run = wordy(300)
    rows = [row_of(leaf, None) for leaf in run.leaves.values()]
    texts = [encode_rows(kept) for kept in (rows, shed(rows, 1, ()), shed(rows, 2, ()))]
    for degree, text in enumerate(texts):
        shards = Shards(room=len(text) + 100)
        assert shards.encode(rows, (), lambda _: [])[0] == text
        assert shards.left_out == degree
    impossible = Shards(room=0)
    assert impossible.encode(rows, (), lambda _: [])[0] == texts[2], "better too much than nothing"
    assert going_on(decode_rows(texts[2])) == going_on(rows)


def test_what_has_not_ended_keeps_the_time_that_its_timeout_counts_from():
    row = Row("a", Phase.RUNNING, message="words", started=NOW, not_before=NOW)
    (kept,) = shed([row], 2, ())
    assert (kept.started, kept.not_before, kept.message) == (NOW, NOW, "")


def test_the_failures_that_are_shown_keep_their_words_for_as_long_as_that_helps():
    rows = [Row(path, Phase.FAILED, message=path, finished=NOW) for path in "ab"]
    assert [row.message for row in shed(rows, 1, {"b"})] == ["", "b"]
    assert [(row.message, row.finished) for row in shed(rows, 2, {"b"})] == [("", None)] * 2


def test_the_readable_list_of_a_small_run_is_made_to_fit_too():
    run = wordy(100)
    whole = tasks_status(run, Shards())
    size = len(whole["taskStates"]) + len(json.dumps(whole["tasks"]))
    shards = Shards(room=size // 2)
    status = tasks_status(run, shards)
    assert len(status["taskStates"]) + len(json.dumps(status["tasks"])) < size // 2
    assert [item["phase"] for item in status["tasks"]] == [item["phase"] for item in whole["tasks"]]
    assert shards.left_out == 1


def test_a_run_says_that_words_are_left_out_and_only_then():
    verdict = Standing("Running", "Running", "3 running")
    assert Shards().told(verdict) == verdict
    messages = [Shards(left_out=degree).told(verdict).message for degree in (1, 2)]
    assert messages == [
        "3 running; the status has no room for the messages of all tasks",
        "3 running; the status has no room for messages and times of tasks",
    ]


def test_a_run_that_is_over_tells_all_that_there_is_room_for_then():
    run = finished(10, 10)
    shards = Shards(left_out=2)
    rows = decode_rows(tasks_status(run, shards)["taskStates"])
    assert (shards.left_out, [row.finished for row in rows]) == (0, [NOW, NOW])


def test_thousands_of_empty_loops_are_not_shown_one_by_one():
    empty = Graph({}, {"loop": Task("loop", task("x").body, loop=Loop(Literal([])))})
    outer = Task("outer", empty, loop=Loop(Literal([0] * 6_000)))
    status = tasks_status(Run(graph(outer, task("a")), {}), Shards())
    assert (status["tasks"], status["counts"]["total"]) == ([], 1)


def test_the_tasks_of_a_run_that_is_stopped_still_fit():
    run = wordy(300)
    status = tasks_status(run, Shards())
    stopped = stopped_tasks(status)
    assert len(stopped["taskStates"]) < STATES
    assert {row.phase for row in decode_rows(stopped["taskStates"])} == {Phase.CANCELLED, Phase.SUCCEEDED}
