"""Whether an approval makes sense, before it is given: it cannot be taken back."""

from levada.cli.exits import CommandError
from levada.cli.run_view import FINAL
from levada.cli.runs import Runs
from levada.frontend.mistakes import closest
from levada.graph.gates import gate_at, gates_of


def answer(runs: Runs, run: str, task: str, message: str, *, is_approved: bool) -> str:
    """Say to a task that waits for it, or will, whether the run may pass; who has said it.

    Raises
    ------
    CommandError
        There is no such run or no such gate, it is over, or somebody has said the opposite.
    """
    view = runs.read(run)
    if view["phase"] in FINAL:
        raise CommandError(f"the run {run!r} is over, it is {view['phase']}: there is nothing to approve")
    _check_gate(runs, run, task)
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


def _check_gate(runs: Runs, run: str, task: str) -> None:
    gates = list(gates_of(runs.graph(run)))
    if gate_at(task) in gates:
        return
    near = closest(task, gates)
    meant = f" (did you mean {near!r}?)" if near else f"; it has {', '.join(gates)}" if gates else ""
    raise CommandError(f"the run {run!r} has no approval {task!r}{meant}")
