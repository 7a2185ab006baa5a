"""Whether an approval makes sense, before it is given: it cannot be taken back."""

import re

from levada.cli.exits import CommandError
from levada.cli.run_view import FINAL, View
from levada.cli.runs import Runs
from levada.frontend.mistakes import closest
from levada.graph.gates import gate_at, gates_of, loops_to
from levada.graph.model import Graph, Literal, Loop
from levada.planner.nodes import Phase
from levada.planner.reasons import AWAITING_APPROVAL

_SHOWN = 10
"""Gates that are named to somebody who named none of them."""


def answer(runs: Runs, run: str, task: str, message: str, *, is_approved: bool) -> str:
    """Say to a task that waits for it, or will, whether the run may pass; who has said it.

    Raises
    ------
    CommandError
        There is no such run or no such gate as far as that is known, it is over, or somebody has said the opposite.
    """
    view = runs.read(run)
    if view["phase"] in FINAL:
        raise CommandError(f"the run {run!r} is over, it is {view['phase']}: there is nothing to approve")
    _check_gate(runs.graph(run), view, task)
    said = runs.approvals(run).get(task)
    if said and said.is_approved == is_approved:
        return said.by
    if said:
        raise CommandError(f"{task} was {word(not is_approved)} by {said.by} before, which cannot be changed")
    ended = next((each for each in view["tasks"] if each["path"] == task and each["completionTime"]), None)
    if ended:
        raise CommandError(f"{task} is over, it is {ended['phase']} ({ended['reason']})")
    return runs.approve(run, task, message, is_approved=is_approved)


def word(is_approved: bool) -> str:  # noqa: FBT001  # a word for each of the two
    """`approved` or `rejected`."""
    return "approved" if is_approved else "rejected"


def _check_gate(graph: Graph, view: View, task: str) -> None:
    gates = list(gates_of(graph))
    if gate_at(task) not in gates:
        near = closest(task, gates)
        meant = f" (did you mean {near!r}?)" if near else f"; it has {', '.join(gates)}" if gates else ""
        raise CommandError(f"the run {view['name']!r} has no approval {task!r}{meant}")
    for path, index, loop in loops_to(graph, task):
        count = _items(path, loop, view)
        if count is not None and index >= count:
            waiting = [each["path"] for each in view["tasks"] if each["reason"] == AWAITING_APPROVAL]
            more = f" and {len(waiting) - _SHOWN} more" if len(waiting) > _SHOWN else ""
            wait = f"; these wait for an approval: {', '.join(waiting[:_SHOWN])}{more}" if waiting else ""
            items = f"{count} item{'s' * (count != 1)}, counted from 0"
            raise CommandError(f"the run {view['name']!r} has no approval {task!r}: {path} has {items}{wait}")


def _items(path: str, loop: Loop, view: View) -> int | None:
    """How many items a loop has, where that is known: they are written, or each has begun."""
    if isinstance(loop.items, Literal):
        return len(loop.items.value)
    tasks = {each["path"]: Phase(each["phase"]) for each in view["tasks"]}
    phase = tasks.get(path, Phase.PENDING)
    # Of a loop with a limit those that have not begun need not be recorded.
    if phase is Phase.PENDING or not (phase.is_final or loop.parallelism is None):
        return None
    return sum(re.fullmatch(rf"{re.escape(path)}\[\d+\]", other) is not None for other in tasks)
