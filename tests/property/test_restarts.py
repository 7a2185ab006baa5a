"""A run that is built anew from its records at any moment ends as if nothing had happened, and runs nothing twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from levada.graph.model import After
from levada.planner import reasons
from levada.planner.attempt import Failure, Running, Success
from levada.planner.encoding import decode_rows, encode_rows, leaf_of, row_of
from levada.planner.run import Run
from property.test_planner import expected_phase, random_edges
from unit.planner.graphs import graph, task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TWICE, LATE, CRASH, LOSE, RECORD, GO = "tell twice", "tell late", "crash", "lose the Pod", "record", "go on"


class World:
    """What is true whatever the planner believes: which attempts run, which have ended and how."""

    def __init__(self, shape, failing):
        self.shape = shape
        self.failing = failing
        self.run = Run(shape, {})
        self.recorded = ""
        self.running = []
        self.ended = {}
        self.losses = {}
        self.now = NOW

    def record(self):
        """Write the status, as the operator does before it lets go of Pods."""
        rows = [row_of(leaf, None) for leaf in self.run.leaves.values() if leaf.changed]
        self.recorded = encode_rows(rows)
        self.run.mark_recorded(self.run.version)

    def crash(self):
        """All that was not written is gone; Pods go on, and what is left of them is found again."""
        self.run = Run(self.shape, {})
        for row in decode_rows(self.recorded):
            like = self.run.leaves[row.path]
            self.run.restore(row.path, leaf_of(row, like, row.outputs or {}), self.now)
        self.run.mark_recorded(self.run.version)
        for path, attempt in self.running:
            self.run.observe(path, attempt, Running(self.now), self.now)
        for (path, attempt), outcome in self.ended.items():
            self.run.observe(path, attempt, outcome, self.now, dead=True)

    def start(self):
        """Start what the plan says; a Pod that is there already is adopted."""
        plan = self.run.plan(self.now)
        if plan.flush:
            self.record()
            plan = self.run.plan(self.now)
        for start in plan.starts:
            attempt = (start.leaf.path, start.attempt)
            if attempt in self.ended:
                self.run.observe(*attempt, self.ended[attempt], self.now, dead=True)
            elif attempt not in self.running:
                assert all(path != attempt[0] for path, _ in self.running), "two attempts of one task at once"
                assert (attempt[0], attempt[1] - 1) in self.ended or attempt[1] == 0
                self.running.append(attempt)
        if plan.wake:
            self.now = max(self.now, plan.wake)

    def end(self, index, *, lost=False):
        """An attempt ends; the planner is told."""
        path, attempt = self.running.pop(index % len(self.running))
        if lost and self.losses.get(path, 0) < 3:
            self.losses[path] = self.losses.get(path, 0) + 1
            outcome = Failure(reasons.DISRUPTED, "drained", finished=self.now)
        else:
            outcome = Failure(reasons.ERROR, "broke", 1) if path in self.failing else Success({"n": 1})
        self.ended[path, attempt] = outcome
        self.run.observe(path, attempt, outcome, self.now, dead=True)


@settings(max_examples=200)
@given(
    random_edges(),
    st.sets(st.integers(0, 11)),
    st.lists(st.tuples(st.sampled_from([TWICE, LATE, CRASH, LOSE, RECORD, GO, GO]), st.integers(0, 11)), max_size=40),
)
def test_a_run_ends_the_same_whatever_crashes_and_repetitions_it_sees(edges, failing_indices, story):
    failing = {f"t{index}" for index in failing_indices}
    tasks = [task(name, needs=needs, after=tuple(After(a) for a in after)) for name, (needs, after) in edges.items()]
    world = World(graph(*tasks), failing)
    final = {}
    steps = iter(story)
    for _ in range(1000):  # a planner that is stuck has to fail, not hang
        if world.run.is_final:
            break
        world.start()
        action, index = next(steps, (GO, 0))
        if action == CRASH:
            world.crash()
        elif action == RECORD:
            world.record()
        elif action in (TWICE, LATE) and world.ended:
            (path, attempt), outcome = list(world.ended.items())[index % len(world.ended)]
            world.run.observe(path, attempt, outcome if action == TWICE else Running(world.now), world.now)
        elif world.running:
            world.end(index, lost=action == LOSE)
        world.now += timedelta(seconds=1)
        written = recorded(world)
        assert written.items() >= final.items(), "what was final changed"
        assert all(world.run.leaves[path].phase is phase for path, phase in written.items())
        final = written
    known = {}
    assert {name: leaf.phase for name, leaf in world.run.leaves.items()} == {
        name: expected_phase(name, edges, failing, known) for name in edges
    }


def recorded(world):
    """The tasks whose end was written, with their phases; that is final whatever happens."""
    return {row.path: row.phase for row in decode_rows(world.recorded) if row.phase.is_final}
