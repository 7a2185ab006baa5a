"""The order that follows from what tasks wait for."""

from collections.abc import Mapping

from levada.frontend.mistakes import Mistakes, Path
from levada.graph.cycles import find_cycle
from levada.graph.model import Task


def check_order(tasks: Mapping[str, Task], places: Mapping[str, Path], mistakes: Mistakes) -> None:
    """Refuse tasks that wait for themselves, alone or in a circle; every circle is named once."""
    edges = {name: task.predecessors() for name, task in tasks.items()}
    for name, waits_for in edges.items():
        if name in waits_for:
            mistakes.add(places[name], f"the task {name!r} depends on itself")
            edges[name] = [other for other in waits_for if other != name]
    while cycle := find_cycle(edges):
        shown = " -> ".join(cycle)
        mistakes.add(places[cycle[0]], f"the tasks depend on one another in a cycle: {shown}")
        for name in cycle:
            edges.pop(name, None)
