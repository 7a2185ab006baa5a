"""A run that is huge or hostile neither stops the run beside it nor makes it cost more: I8 and I10."""

import secrets
from collections import Counter

import pytest

from invariants.checker import check
from invariants.history import tasks_of
from levada.api.limits import LONGEST_STATES, MOST_BYTES, MOST_TASKS
from levada.graph.conditions import LONGEST, LONGEST_WITH_MACRO, MOST_ITEMS
from levada.kube.reconciler import Reconciler
from levada.planner.encoding import decode_rows
from levada.planner.run import Run
from simulation.play import NAMESPACE, Play, played
from simulation.replica import RUNS
from simulation.scenario import Scenario, Task

SMALL = [Task("t0", seconds=3.0), Task("t1", needs=["t0"], seconds=3.0), Task("t2", needs=["t1"], seconds=3.0)]
SEED = 1
ALONE = range(8)
"""Seeds of the run without a neighbour: delays are drawn from one sequence for all, so that they differ beside one."""


def component(**inputs):
    """Of a task that works for ten minutes and leaves a number."""
    container = {"image": "image", "command": ["work", {"outputPath": "n"}]}
    declared = [{"name": name, "type": type_} for name, type_ in inputs.items()]
    return {
        "inputs": declared,
        "outputs": [{"name": "n", "type": "Integer"}],
        "implementation": {"container": container},
    }


SLOW = {"name": "slow", "componentSpec": component()}


def loop(name, items, *, when="inputs.x == 0", **body):
    """A loop none of whose iterations needs a Pod."""
    body = body or {"componentSpec": component(x="String")}
    named = {"inputs": {"x": {"item": "item"}}, "when": when} if "componentSpec" in body else {}
    return {"name": name, "forEach": {"items": items}, **named, **body}


def wordy():
    """At the limit of tasks, with words that do not fit into the status."""
    words = [secrets.token_hex(16) for _ in range(MOST_TASKS // 2 - 3)]
    return [loop("a", words, when="inputs.x == '0'"), loop("b", words, when="inputs.x == '1'"), SLOW]


def endless():
    """A million tasks in a few lines; for most of its loops there is no room."""
    inner = loop("inner", ["x"] * 10_000, when="inputs.x == '0'")
    return [loop("outer", [0] * 100, pipelineSpec={"tasks": [inner]}), SLOW]


def bombs():
    """Conditions that are as costly as they may be, and whose tasks end by them alone."""
    long = " && ".join(["inputs.x != ''"] * (LONGEST // 20))
    most = "inputs.x.all(c, c != 'y' && c.matches('(a+)+$'))"
    assert (len(long), len(most)) < (LONGEST, LONGEST_WITH_MACRO)
    items = [["a" * 30] * 60 + ["y"]] * 20
    listed = {"componentSpec": component(x="List")}
    return [loop("long", ["x" * 10] * 100, when=f"!({long})"), loop("macro", items, when=most, **listed), SLOW]


def refused():
    """Macros in macros, which would hold the interpreter for hours."""
    bomb = "inputs.x.all(a, inputs.x.all(b, inputs.x.all(c, inputs.x.all(d, a + b + c + d != ''))))"
    return [loop("bomb", [["a"] * MOST_ITEMS], when=bomb, componentSpec=component(x="List"))]


class Counted:
    """What the operator does for each run: its steps, the planner's plans, and what changed of its objects."""

    def __init__(self, monkeypatch):
        self.steps, self.plans = Counter(), Counter()
        step, plan = Reconciler.reconcile_run, Run.plan

        async def counted_step(reconciler, namespace, name):
            self.steps[name] += 1
            return await step(reconciler, namespace, name)

        def counted_plan(run, *arguments, **more):
            self.plans[run.root.facts["name"]] += 1
            return plan(run, *arguments, **more)

        monkeypatch.setattr(Reconciler, "reconcile_run", counted_step)
        monkeypatch.setattr(Run, "plan", counted_plan)

    def played(self, seed, tasks=None):
        """Steps, plans and changes that the small run takes beside one of such tasks; the history and the neighbour."""
        self.steps.clear()
        self.plans.clear()
        play = Play(Scenario(seed, {"small": SMALL}))
        if tasks:
            play.kubelet._scripts["large", "slow"] = {"exits": [0], "seconds": 600.0, "outputs": {"n": "1"}}
            body = {"apiVersion": "levada.dev/v1alpha1", "metadata": {"name": "large"}}
            play.server.create(RUNS, NAMESPACE, body | {"spec": {"pipelineSpec": {"tasks": tasks}}})
        ((_, history),) = played([play])
        changes = [each for each in history.changes("PipelineRun") if each.object["metadata"]["name"] == "small"]
        costs = {"steps": self.steps["small"], "plans": self.plans["small"], "changes": len(changes)}
        return costs, history, play.server.get(RUNS, NAMESPACE, "large") if tasks else None


@pytest.fixture
def counted(monkeypatch):
    return Counted(monkeypatch)


def message(run):
    return next(each["message"] for each in run["status"]["conditions"] if each["type"] == "Succeeded")


def beside(counted, tasks):
    """The neighbour's end, once the small run is seen to end and to cost as if it were alone."""
    alone = [counted.played(seed)[0] for seed in ALONE]
    costs, history, neighbour = counted.played(SEED, tasks)
    check(history)
    assert {what: count for what, count in costs.items() if count > max(each[what] for each in alone)} == {}
    ended = max(each.at for each in history.changes("PipelineRun") if each.object["metadata"]["name"] == "small")
    assert ended < 60.0, "it waits for nobody"
    return neighbour


def test_one_at_the_limit_of_tasks_whose_words_do_not_fit_into_its_status(counted):
    neighbour = beside(counted, wordy())
    status = neighbour["status"]
    assert (status["phase"], status["counts"]["total"]) == ("Succeeded", MOST_TASKS - 5)
    assert len(status["taskStates"]) < LONGEST_STATES
    assert message(neighbour).endswith("; the status has no room for the messages of all tasks")
    rows = decode_rows(status["taskStates"])
    assert Counter(row.phase for row in rows if not row.is_group) == {"Skipped": MOST_TASKS - 6, "Succeeded": 1}
    assert len(str(neighbour)) < MOST_BYTES


def test_one_whose_loops_in_loops_would_make_a_million_tasks(counted):
    neighbour = beside(counted, endless())
    assert neighbour["status"]["phase"] == "Failed"
    assert "outer[1].inner failed: TooManyTasks" in message(neighbour)
    assert message(neighbour).endswith("(and 98 more)")
    assert tasks_of(neighbour)["slow"]["phase"] == "Succeeded", "the rest of it goes on"


def test_one_whose_conditions_are_as_costly_as_may_be(counted):
    neighbour = beside(counted, bombs())
    assert neighbour["status"]["phase"] == "Succeeded"


def test_one_whose_condition_would_take_hours(counted):
    neighbour = beside(counted, refused())
    assert neighbour["status"]["phase"] == "Failed"
    assert "one of all(), exists() and exists_one() is possible in a condition, not 4" in message(neighbour)
