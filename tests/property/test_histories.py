"""Whatever happens, in whatever order, and however often the operator is restarted: a run ends as an oracle says.

The machine below plays the cluster: attempts go on by themselves, are seen late, twice or in an old state, the status
is written now and then, and the operator forgets at any moment all that was not written.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from levada.graph.model import ABSENT, After, Graph, Parameter, Task, TaskOutput
from levada.planner.attempt import Failure, Running, Success, Waiting
from levada.planner.encoding import decode_rows, node_of
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.planner.status import Shards, tasks_status
from unit.planner.graphs import component, graph

START = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = {"Disrupted": 5, "StoreDenied": 2, "OutputsLost": 1}
WAITS, RUNS, ENDED = range(3)
LATE = {Phase.PENDING: 0, Phase.RUNNING: 1}  # every other phase is the last


@dataclass(frozen=True)
class Sketch:
    """One task of a random graph: a container, or a nested graph of two in a row (`x`, then `y`)."""

    needs: tuple[str, ...] = ()
    after: tuple[tuple[str, bool], ...] = ()
    is_optional: bool = False
    is_nested: bool = False

    def leaves(self, name):
        return [f"{name}.x", f"{name}.y"] if self.is_nested else [name]

    def task(self, name):
        body = component(optional=self.needs) if self.is_optional else component(*self.needs)
        after = tuple(After(*edge) for edge in self.after)
        bindings = {need: TaskOutput(need, "n") for need in self.needs}
        if self.is_nested:
            first = Task("x", body, {need: Parameter(need) for need in self.needs})
            then = Task("y", component("x"), {"x": TaskOutput("x", "n")})
            body = Graph(body.inputs, {"x": first, "y": then}, {"n": TaskOutput("y", "n")})
        return Task(name, body, bindings, after)


@st.composite
def sketches(draw):
    made = {}
    for index in range(draw(st.integers(1, 6))):
        most = min(index, 2)
        earlier = st.sampled_from(sorted(made) or [""])
        after = draw(st.dictionaries(earlier, st.booleans(), max_size=most))
        needs = draw(st.lists(earlier, unique=True, max_size=most))
        made[f"t{index}"] = Sketch(tuple(needs), tuple(after.items()), draw(st.booleans()), draw(st.booleans()))
    return made


@st.composite
def fates(draw):
    """How the attempts of one task end: infrastructure failures, then a last word."""
    return [*draw(st.lists(st.sampled_from(sorted(LIMITS)), max_size=6)), draw(st.sampled_from(["ok", "ok", "Error"]))]


@dataclass
class Oracle:
    """What must come of it: recursion over names, where the planner counts blockers."""

    sketches: dict[str, Sketch]
    fates: dict[str, list[str]]
    ends: dict[str, tuple[Phase, object]] = field(default_factory=dict)
    inputs: dict[str, dict] = field(default_factory=dict)

    def __post_init__(self):
        for name, sketch in self.sketches.items():
            inputs = self._bound(sketch)
            leaves = sketch.leaves(name)
            if inputs is None:
                self.ends |= dict.fromkeys([name, *leaves], (Phase.SKIPPED, None))
                continue
            for leaf in leaves:
                self.inputs[leaf] = inputs
                self.ends[leaf] = self._attempts(leaf)
                inputs = {"x": self.ends[leaf][1]}
                if self.ends[leaf][0] is Phase.FAILED:
                    self.ends |= dict.fromkeys(leaves[leaves.index(leaf) + 1 :], (Phase.SKIPPED, None))
                    self.ends[name] = Phase.FAILED, None
                    break
            else:
                self.ends[name] = self.ends[leaves[-1]]

    def _bound(self, sketch):
        if any(must and self.ends[other][0] is not Phase.SUCCEEDED for other, must in sketch.after):
            return None
        inputs = {}
        for need in sketch.needs:
            phase, value = self.ends[need]
            if phase is Phase.FAILED or (phase is Phase.SKIPPED and not sketch.is_optional):
                return None
            inputs[need] = ABSENT if phase is Phase.SKIPPED else value
        return inputs

    def _attempts(self, leaf):
        for attempt, fate in enumerate(self.fates[leaf]):
            if fate == "ok":
                return Phase.SUCCEEDED, value_of(leaf, attempt)
            if attempt >= LIMITS.get(fate, 0):
                return Phase.FAILED, None
        raise AssertionError("a fate without an end")


def value_of(leaf, attempt):
    return sum(leaf.encode()) * 100 + attempt


class Histories(RuleBasedStateMachine):
    @initialize(made=sketches(), data=st.data())
    def begin(self, made, data):
        leaves = [leaf for name, sketch in made.items() for leaf in sketch.leaves(name)]
        self.sketches = made
        self.fates = {leaf: data.draw(fates()) for leaf in leaves}
        self.oracle = Oracle(made, self.fates)
        self.graph = graph(*(sketch.task(name) for name, sketch in made.items()))
        self.run = Run(self.graph, {})
        self.now = START
        self.pods = {}
        self.created = set()
        self.written = {}
        self.text = ""

    @rule()
    def plan(self):
        for start in self.run.plan(self.now).starts:
            path, key = start.leaf.path, (start.leaf.path, start.attempt)
            assert key not in self.created, "started twice"
            assert all(stage == ENDED for (other, _), stage in self.pods.items() if other == path), "two at once"
            assert start.inputs == self.oracle.inputs[path]
            if start.attempt:
                assert self.written[path].attempt == start.attempt, "the failure before it is not on record"
            self.created.add(key)
            self.pods[key] = WAITS
        for name, sketch in self.sketches.items():
            waits_for = {*sketch.needs, *(other for other, _ in sketch.after)}
            if all(self.run.root.children[other].phase.is_final for other in waits_for):
                first = sketch.leaves(name)[0]
                assert (first, 0) in self.created or self.oracle.ends[first][0] is Phase.SKIPPED, "not at once"

    @rule(data=st.data())
    @precondition(lambda self: any(stage != ENDED for stage in self.pods.values()))
    def an_attempt_goes_on(self, data):
        self.pods[data.draw(st.sampled_from([key for key, stage in self.pods.items() if stage != ENDED]))] += 1

    @rule(data=st.data())
    @precondition(lambda self: self.pods)
    def an_attempt_is_seen_perhaps_as_it_was_before(self, data):
        key = data.draw(st.sampled_from(list(self.pods)))
        self._show(key, data.draw(st.integers(WAITS, self.pods[key])))

    @rule()
    def write(self):
        status = tasks_status(self.run, Shards())
        self.text = status["taskStates"]
        rows = {row.path: row for row in decode_rows(self.text)}
        for path, before in self.written.items():
            now = rows[path]
            assert (now.attempt, LATE.get(now.phase, 2)) >= (before.attempt, LATE.get(before.phase, 2)), "backward"
            assert now == before or not before.phase.is_final, "what was final changed"
        self.written = rows
        self.run.mark_recorded(self.run.version)

    @rule(data=st.data())
    def restart(self, data):
        rows = decode_rows(self.text)
        self.run = Run(self.graph, {}, recorded=rows)
        for row in rows:
            self.run.restore(row.path, node_of(row, self.run.nodes[row.path], row.outputs or {}), self.now)
        self.run.mark_recorded(self.run.version)
        for key in data.draw(st.permutations(list(self.pods))):
            # An end may be seen later than that of what came after: its manifest has to be read first.
            self._show(key, self.pods[key] - data.draw(st.integers(0, min(1, self.pods[key]))))

    @rule()
    def what_is_recorded_is_let_go(self):
        self.pods = {
            key: stage for key, stage in self.pods.items() if not (stage == ENDED and self.run.is_recorded(*key))
        }

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)

    @invariant()
    def every_task_is_counted_once(self):
        if hasattr(self, "run"):
            assert self.run.counts.total() == len(self.run.leaves)
            for phase in Phase:
                assert self.run.counts[phase] == sum(leaf.phase is phase for leaf in self.run.leaves.values())

    def teardown(self):
        if not hasattr(self, "run"):
            return
        for _ in range(40 * len(self.fates)):
            self.plan()
            for key in list(self.pods):
                self.pods[key] = ENDED
                self._show(key, ENDED)
            self.write()
            self.what_is_recorded_is_let_go()
            self.now += timedelta(seconds=61)
        assert self.run.is_final
        assert self.pods == {}
        ends = {leaf.path: (leaf.phase, leaf.outputs.get("n")) for leaf in self.run.leaves.values()}
        assert ends == {path: self.oracle.ends[path] for path in self.fates}

    def _show(self, key, stage):
        sighting = (Waiting(), Running(self.now), self._end(*key))[stage]
        self.run.observe(*key, sighting, self.now)

    def _end(self, path, attempt):
        fate = self.fates[path][attempt]
        return Success({"n": value_of(path, attempt)}) if fate == "ok" else Failure(fate, "broke", 1)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
