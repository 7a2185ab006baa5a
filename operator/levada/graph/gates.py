"""Where a graph has gates: tasks that wait until somebody approves."""

import re
from collections.abc import Iterator, Mapping

from levada.graph.model import Approval, Graph, Loop, Task

_INDEX = re.compile(r"\[\d+\]")
_STEP = re.compile(r"([^\[]+)(?:\[(\d+)\])?")
_EVERY = "[*]"


def gates_of(graph: Graph, prefix: str = "") -> Iterator[str]:
    """The path of every gate; `[*]` stands for the indices of a loop: `sweep[*].check`."""
    yield from _among(graph.tasks, prefix)
    yield from _among(graph.finals, f"{prefix}finally.")


def gate_at(path: str) -> str:
    """The gate, as `gates_of` spells it, that a task's path would lead to: `sweep[*].check` for `sweep[3].check`."""
    return _INDEX.sub(_EVERY, path)


def loops_to(graph: Graph, path: str) -> Iterator[tuple[str, int, Loop]]:
    """Each loop that the path of a gate leads through: the loop's path, the index in it, and the loop, outermost first.

    The gate is one of the graph: `gate_at` of its path is among `gates_of`.
    """
    scope, tasks, above = graph, graph.tasks, ""
    for step in path.split("."):
        found = _STEP.fullmatch(step)
        assert found
        name, index = found.groups()
        if name == "finally":
            tasks = scope.finals
        else:
            task = tasks[name]
            if task.loop:
                yield f"{above}{name}", int(index), task.loop
            if isinstance(task.body, Graph):
                scope, tasks = task.body, task.body.tasks
        above = f"{above}{step}."


def _among(tasks: Mapping[str, Task], prefix: str) -> Iterator[str]:
    for name, task in tasks.items():
        path = f"{prefix}{name}{_EVERY if task.loop else ''}"
        if isinstance(task.body, Graph):
            yield from gates_of(task.body, f"{path}.")
        elif isinstance(task.body, Approval):
            yield path
