"""Tasks whose results may be there already are asked for before they start."""

from dataclasses import replace
from datetime import timedelta

from levada.graph.model import Graph, Item, Literal, Loop, Parameter, Task, TaskOutput
from levada.graph.policies import Cache
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, node_of, readable, row_of, timestamp
from levada.planner.flow.cache import Hit, Miss
from levada.planner.flow.rerun import results_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import Shards, tasks_status
from unit.planner.graphs import component, graph, task
from unit.planner.pods import NOW

LATER = NOW + timedelta(minutes=5)


def cached(name, **more):
    return replace(task(name, **more), cache=Cache())


def asked(run, now=NOW):
    return [lookup.leaf.path for lookup in run.lookups(now)]


def starts(run, now=NOW):
    return [start.leaf.path for start in run.plan(now).starts]


def again(run, shape):
    """The run, built anew from its status."""
    restored = Run(shape, {})
    for row in decode_rows(tasks_status(run, Shards())["taskStates"]):
        restored.restore(row.path, node_of(row, restored.nodes[row.path], row.outputs or {}), NOW)
    restored.mark_recorded(restored.version)
    return restored


class TestTheCache:
    def test_a_task_is_asked_for_once_and_starts_only_after_a_miss(self):
        run = Run(graph(cached("a"), task("b")), {})
        assert asked(run) == ["a"]
        assert (asked(run), starts(run)) == ([], ["b"])
        run.answer("a", Miss("NoEntry"), NOW)
        assert starts(run) == ["a"]
        assert readable(row_of(run.leaves["a"], None))["cacheMissReason"] == "NoEntry"

    def test_a_hit_ends_the_task_and_what_needs_it_goes_on(self):
        run = Run(graph(cached("a"), task("b", needs=("a",))), {})
        asked(run)
        run.answer("a", Hit({"n": 7}, "a of run-1"), NOW)
        (start,) = run.plan(NOW).starts
        assert start.inputs == {"a": 7}
        shown = readable(row_of(run.leaves["a"], None))
        assert shown == {
            "path": "a", "phase": "Cached", "message": "from a of run-1", "cached": True,
            "completionTime": timestamp(NOW), "outputs": {"n": 7},
        }  # fmt: skip
        assert run.counts[Phase.CACHED] == 1

    def test_a_run_of_nothing_but_hits_succeeds(self):
        run = Run(graph(cached("a"), cached("b", needs=("a",)), outputs={"n": TaskOutput("b", "n")}), {})
        for path in ("a", "b"):
            assert asked(run) == [path]
            run.answer(path, Hit({"n": 7}, "another"), NOW)
        assert (run.root.phase, run.root.outputs) == (Phase.SUCCEEDED, {"n": 7})

    def test_a_further_attempt_is_not_asked_for(self):
        run = Run(graph(cached("a")), {})
        asked(run)
        run.answer("a", Miss("NoEntry"), NOW)
        starts(run)
        run.observe("a", 0, Failure("Disrupted", "drained"), NOW)
        run.mark_recorded(run.version)
        assert asked(run, LATER) == []
        assert [(start.leaf.path, start.attempt) for start in run.plan(LATER).starts] == [("a", 1)]

    def test_each_iteration_of_a_loop_is_asked_for(self):
        shape = graph(
            replace(cached("a", needs=()), body=component("x"), inputs={"x": Item()}, loop=Loop(Literal([1, 2])))
        )
        run = Run(shape, {})
        assert asked(run) == ["a[0]", "a[1]"]
        run.answer("a[0]", Hit({"n": 1}, "another"), NOW)
        run.answer("a[1]", Miss("NoEntry"), NOW)
        assert starts(run) == ["a[1]"]


class TestStopping:
    def test_a_suspended_run_asks_for_nothing(self):
        run = Run(graph(cached("a")), {})
        run.steer(NOW, suspend=True, cancel=False)
        assert asked(run) == []
        run.steer(NOW, suspend=False, cancel=False)
        assert asked(run) == ["a"]

    def test_a_suspended_run_is_not_looked_at_again_for_what_it_does_not_ask(self):
        run = Run(graph(cached("a")), {})
        asked(run)
        run.put_off("a", "StoreUnavailable", "no answer", LATER)
        assert run.plan(NOW).wake == LATER
        run.steer(NOW, suspend=True, cancel=False)
        assert run.plan(LATER).wake is None
        run.steer(NOW, suspend=False, cancel=False)
        assert asked(run, LATER) == ["a"]

    def test_an_answer_after_the_run_was_cancelled_changes_nothing(self):
        run = Run(graph(cached("a")), {})
        asked(run)
        run.steer(NOW, suspend=False, cancel=True)
        run.answer("a", Hit({"n": 7}, "another"), NOW)
        assert (run.leaves["a"].phase, run.leaves["a"].outputs) == (Phase.CANCELLED, {})
        assert asked(run) == []


class TestWithoutAnAnswer:
    def test_it_is_asked_again_in_time(self):
        run = Run(graph(cached("a")), {})
        asked(run)
        run.put_off("a", "StoreUnavailable", "no answer", LATER)
        assert (asked(run), starts(run), run.plan(NOW).wake) == ([], [], LATER)
        assert (run.leaves["a"].reason, run.leaves["a"].message) == ("StoreUnavailable", "no answer")
        assert asked(run, LATER) == ["a"]

    def test_it_is_asked_at_once_when_what_it_waited_for_is_over(self):
        run = Run(graph(cached("a")), {})
        asked(run)
        run.put_off("a", "WaitingForSameWork", "", LATER)
        run.ask_again("a")
        assert asked(run) == ["a"]
        run.ask_again("a")
        assert asked(run) == []

    def test_the_reason_goes_with_the_answer(self):
        run = Run(graph(cached("a")), {})
        asked(run)
        run.put_off("a", "WaitingForSameWork", "b of another run", NOW)
        asked(run)
        run.answer("a", Miss("NoEntry"), NOW)
        assert run.leaves["a"].reason == ""


class TestAfterARestart:
    def test_what_ran_is_neither_asked_for_nor_started_and_what_ended_stays_so(self):
        shape = graph(cached("a"), cached("b"), cached("c"))
        run = Run(shape, {})
        asked(run)
        run.answer("a", Hit({"n": 7}, "another"), NOW)
        for path in ("b", "c"):
            run.answer(path, Miss("Expired"), NOW)
        starts(run)
        run.observe("b", 0, Running(NOW), NOW)
        restored = again(run, shape)
        restored.observe("c", 0, Running(NOW), NOW)  # its Pod is there, though nobody recorded that
        assert (asked(restored), starts(restored)) == ([], [])
        leaves = restored.leaves
        assert [leaf.phase for leaf in leaves.values()] == [Phase.CACHED, Phase.RUNNING, Phase.RUNNING]
        assert (leaves["a"].outputs, leaves["b"].miss) == ({"n": 7}, "Expired")

    def test_what_waits_for_its_second_attempt_is_not_asked_for(self):
        shape = graph(cached("a"))
        run = Run(shape, {})
        asked(run)
        run.answer("a", Miss("NoEntry"), NOW)
        starts(run)
        run.observe("a", 0, Failure("Disrupted", "drained"), NOW)
        restored = again(run, shape)
        assert asked(restored, LATER) == []
        assert [(start.leaf.path, start.attempt) for start in restored.plan(LATER).starts] == [("a", 1)]

    def test_only_what_ended_since_then_is_to_be_kept(self):
        shape = graph(cached("a"), cached("b"))
        run = Run(shape, {})
        asked(run)
        for path in ("a", "b"):
            run.answer(path, Miss("NoEntry"), NOW)
        starts(run)
        run.observe("a", 0, Success({"n": 1}), NOW)
        assert [leaf.path for leaf in run.settled()] == ["a"]
        assert run.settled() == []
        restored = again(run, shape)
        assert restored.settled() == []
        restored.observe("b", 0, Success({"n": 1}), NOW)
        assert [leaf.path for leaf in restored.settled()] == ["b"]


def double(path, number, **needs):
    """`n` and a number make `n`."""
    inputs = {"by": Literal(number)} | {name: TaskOutput(name, "n") for name in needs}
    return Task(path, component("by", *needs), inputs)


class TestARerun:
    SHAPE = graph(double("c", 1, a=True), double("a", 2), double("b", 3, c=True))

    def first(self):
        """`a` and `c` succeeded and `b` failed."""
        run = Run(self.SHAPE, {})
        for path, outcome in (
            ("a", Success({"n": 10})),
            ("c", Success({"n": 20})),
            ("b", Failure("Error", "broke", 1)),
        ):
            starts(run)
            run.observe(path, 0, outcome, NOW)
        return again(run, self.SHAPE)

    def rerun(self, shape):
        run = Run(shape, {}, earlier=results_of("first", self.first()))
        found = {}
        while lookups := run.lookups(NOW):
            for lookup in lookups:
                found[lookup.leaf.path] = (lookup.run, lookup.earlier)
                run.answer(lookup.leaf.path, Hit(lookup.earlier, lookup.run), NOW)
        return run, found

    def test_takes_over_what_succeeded_and_runs_the_rest(self):
        run, found = self.rerun(self.SHAPE)
        assert found == {"a": ("first", {"n": 10}), "c": ("first", {"n": 20})}
        assert starts(run) == ["b"]

    def test_runs_what_changed_and_all_that_follows_from_it(self):
        changed = graph(double("c", 1, a=True), double("a", 5), double("b", 3, c=True))
        run, found = self.rerun(changed)
        assert (found, starts(run)) == ({}, ["a"])
        run.observe("a", 0, Success({"n": 11}), NOW)
        assert (asked(run), starts(run)) == ([], ["c"])

    def test_takes_over_what_follows_from_a_result_that_is_the_same_again(self):
        run, _ = self.rerun(graph(double("c", 1, a=True), double("a", 5), double("b", 3, c=True)))
        starts(run)
        run.observe("a", 0, Success({"n": 10}), NOW)
        assert asked(run) == ["c"]

    def test_takes_over_iterations_and_nested_graphs_by_their_paths(self):
        inner = Graph({"x": component("x").inputs["x"]}, {"t": Task("t", component("x"), {"x": Parameter("x")})})
        shape = graph(Task("a", inner, {"x": Item()}, loop=Loop(Literal([1, 2]))))
        run = Run(shape, {})
        starts(run)
        run.observe("a[0].t", 0, Success({"n": 1}), NOW)
        run.observe("a[1].t", 0, Failure("Error", "broke", 1), NOW)
        rerun = Run(shape, {}, earlier=results_of("first", again(run, shape)))
        assert [lookup.earlier for lookup in rerun.lookups(NOW)] == [{"n": 1}]
        assert starts(rerun) == ["a[1].t"]

    def test_of_a_run_that_made_nothing_asks_for_nothing(self):
        run = Run(self.SHAPE, {}, earlier=results_of("first", Run(self.SHAPE, {})))
        assert (asked(run), starts(run)) == ([], ["a"])
