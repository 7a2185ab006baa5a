"""A run that is built anew from its status, at moments that only bad luck chooses."""

from datetime import timedelta

from levada.graph.model import After, Task
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, node_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import Shards, tasks_status
from unit.planner.graphs import graph, task
from unit.planner.pods import NOW

LATER = NOW + timedelta(minutes=5)


def text_of(run):
    text = tasks_status(run, Shards())["taskStates"]
    run.mark_recorded(run.version)
    return text


def again(text, shape, now=NOW):
    run = Run(shape, {})
    for row in decode_rows(text):
        run.restore(row.path, node_of(row, run.nodes[row.path], row.outputs or {}), now)
    run.mark_recorded(run.version)
    return run


def test_a_skipped_task_keeps_the_time_of_its_end():
    shape = graph(task("a"), task("b", needs=("a",)))
    run = Run(shape, {})
    run.observe("a", 0, Failure(reasons.ERROR, "broke", 1), NOW)
    assert again(text_of(run), shape, LATER).leaves["b"].finished == NOW


def test_a_task_that_waits_for_its_next_attempt_is_still_on_record_after_two_restarts():
    shape = graph(task("a"))
    run = Run(shape, {})
    run.plan(NOW)
    run.observe("a", 0, Failure(reasons.DISRUPTED, "drained"), NOW)
    text = text_of(again(text_of(run), shape))
    (start,) = again(text, shape).plan(LATER).starts
    assert start.attempt == 1


def test_an_attempt_whose_inputs_are_not_seen_yet_is_not_tried_again_without_them():
    shape = graph(task("a"), task("b", needs=("a",)))
    run = again("", shape)
    # `b` was started from the result that `a`'s Pod still holds; after a restart its end is seen first.
    run.observe("a", 0, Running(), NOW)
    run.observe("b", 0, Failure(reasons.DISRUPTED, "drained"), NOW)
    text_of(run)
    assert run.plan(LATER).starts == []
    run.observe("a", 0, Success({"n": 5}), NOW)
    text_of(run)
    (start,) = run.plan(LATER).starts
    assert (start.leaf.path, start.attempt, start.inputs) == ("b", 1, {"a": 5})


def test_a_group_does_not_end_before_what_it_waits_for_though_the_record_tells_of_its_tasks_first():
    nested = Task("group", graph(task("a")), {}, (After("late", False),))
    shape = graph(nested, task("late"))
    run = Run(shape, {})
    run.observe("late", 0, Success({"n": 1}), NOW)
    run.observe("group.a", 0, Failure(reasons.ERROR, "broke", 1), NOW)
    restored = again(text_of(run), shape)
    assert restored.root.phase is Phase.FAILED
    # A group that ends before it begins has failed by itself.
    assert [node.path for node in restored.failed] == [node.path for node in run.failed] == ["group.a"]


def test_what_ended_stays_ended_and_what_ran_is_looked_for():
    shape = graph(task("a"), task("b"), task("c", needs=("a",)))
    run = Run(shape, {})
    run.plan(NOW)
    run.observe("a", 0, Failure(reasons.ERROR, "broke", 1), NOW)
    run.observe("b", 0, Running(NOW), NOW)
    restored = again(text_of(run), shape)
    assert [leaf.phase for leaf in restored.leaves.values()] == [Phase.FAILED, Phase.RUNNING, Phase.SKIPPED]
    assert [leaf.path for leaf in restored.failed] == ["a"]
    assert restored.plan(LATER).starts == []
