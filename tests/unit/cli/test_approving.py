"""Approvals for gates in loops: those that there cannot be are refused before they are given."""

from dataclasses import dataclass, field

import pytest

from levada.cli.approving import answer
from levada.cli.exits import CommandError
from levada.graph.model import Approval, Graph, Literal, Loop, Task, TaskOutput
from unit.planner.graphs import graph, task

NESTED = graph(task("fit"), Task("check", Approval("go?")))
FOUND = TaskOutput("grid", "n")


@dataclass
class OneRun:
    """A run of one loop over `items`; `tasks` are phases by path."""

    items: object
    tasks: dict
    parallelism: int | None = None
    said: list = field(default_factory=list)

    def read(self, name):
        shown = [
            {"path": path, "phase": phase, "completionTime": None}
            | {"reason": "AwaitingApproval" if phase == "Running" and path.endswith("check") else ""}
            for path, phase in self.tasks.items()
        ]
        return {"name": name, "phase": "Running", "tasks": shown}

    def graph(self, _) -> Graph:
        return graph(task("grid"), Task("sweep", NESTED, loop=Loop(self.items, self.parallelism)))

    def approvals(self, _):
        return {}

    def approve(self, _, task, message, *, is_approved):
        self.said.append(task)
        return "jane"


BEGUN = {"sweep": "Running", "sweep[0]": "Running", "sweep[0].check": "Running", "sweep[1]": "Running",
         "sweep[1].fit": "Running"}  # fmt: skip


@pytest.mark.parametrize("run", [
    OneRun(Literal([5, 6]), BEGUN, parallelism=1),
    OneRun(FOUND, BEGUN),
    OneRun(FOUND, BEGUN | {"sweep": "Succeeded"}, parallelism=1),
], ids=["written", "all have begun", "it is over"])  # fmt: skip
def test_one_for_more_items_than_there_are_is_refused_and_those_that_wait_are_named(run):
    with pytest.raises(CommandError) as refusal:
        answer(run, "r", "sweep[2].check", "", is_approved=True)
    assert str(refusal.value) == (
        "the run 'r' has no approval 'sweep[2].check': sweep has 2 items, counted from 0; "
        "these wait for an approval: sweep[0].check"
    )
    assert run.said == []
    assert answer(run, "r", "sweep[1].check", "", is_approved=True) == "jane"


@pytest.mark.parametrize("run", [
    OneRun(FOUND, {"grid": "Running", "sweep": "Pending"}),
    OneRun(FOUND, {"grid": "Running"}),
    OneRun(FOUND, {"sweep": "Running", "sweep[0]": "Running"}, parallelism=1),
], ids=["it has not begun", "nothing is recorded", "not all have begun"])  # fmt: skip
def test_where_nobody_knows_how_many_there_will_be_it_is_kept_until_the_run_comes_to_it(run):
    assert answer(run, "r", "sweep[7].check", "", is_approved=True) == "jane"
    assert run.said == ["sweep[7].check"]
