"""Where a graph has gates: tasks that wait until somebody approves."""

import re
from collections.abc import Iterator, Mapping

from levada.graph.model import Approval, Graph, Task

_INDEX = re.compile(r"\[\d+\]")
_EVERY = "[*]"


def gates_of(graph: Graph, prefix: str = "") -> Iterator[str]:
    """The path of every gate; `[*]` stands for the indices of a loop: `sweep[*].check`."""
    yield from _among(graph.tasks, prefix)
    yield from _among(graph.finals, f"{prefix}finally.")


def gate_at(path: str) -> str:
    """The gate, as `gates_of` spells it, that a task's path would lead to: `sweep[*].check` for `sweep[3].check`."""
    return _INDEX.sub(_EVERY, path)


def _among(tasks: Mapping[str, Task], prefix: str) -> Iterator[str]:
    for name, task in tasks.items():
        path = f"{prefix}{name}{_EVERY if task.loop else ''}"
        if isinstance(task.body, Graph):
            yield from gates_of(task.body, f"{path}.")
        elif isinstance(task.body, Approval):
            yield path
