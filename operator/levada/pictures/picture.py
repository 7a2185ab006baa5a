"""What a picture shows: boxes in boxes, and arrows between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from levada.graph.model import Graph, producers

PHASES = ("Pending", "Running", "Succeeded", "Cached", "Skipped", "Failed", "Cancelled")
"""In the order of a legend."""


@dataclass(frozen=True, slots=True)
class Box:
    """A task, or with an `inside` a nested graph.

    Attributes
    ----------
    path
        The task's identity in the run, such as `sweep.fit`.
    name
        Its name in its graph.
    phase
        One of `PHASES`; None in a picture of a definition, which has no state.
    """

    path: str
    name: str
    phase: str | None = None
    inside: "Picture | None" = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another by path; one that carries no data only orders."""

    source: str
    target: str
    only_orders: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """The boxes of one graph, and the arrows between them."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    def tasks(self) -> Iterator[Box]:
        """All boxes without an inside, in written order."""
        for box in self.boxes:
            if box.inside is None:
                yield box
            else:
                yield from box.inside.tasks()

    def counts(self) -> dict[str, int]:
        """How many tasks are in each phase that occurs, in the order of a legend; empty without states."""
        phases = [box.phase for box in self.tasks()]
        return {phase: phases.count(phase) for phase in PHASES if phase in phases}


def picture_of(graph: Graph, phases: Mapping[str, str] | None = None, above: str = "") -> Picture:
    """The picture of `graph`.

    Parameters
    ----------
    graph
        What to show.
    phases
        The phase of each task of a run, by path (a task that is not there is pending); None for a definition.
    above
        The path of the task that `graph` is nested in.
    """
    paths = {name: f"{above}.{name}" if above else name for name in graph.tasks}
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    for name, task in graph.tasks.items():
        path = paths[name]
        inside = picture_of(task.body, phases, path) if isinstance(task.body, Graph) else None
        boxes.append(Box(path, name, None if phases is None else phases.get(path, "Pending"), inside))
        ordering = {edge.task for edge in task.after}
        feeding = {name for binding in task.inputs.values() for name in producers(binding)}
        arrows += (Arrow(paths[other], path, other in ordering - feeding) for other in task.predecessors())
    return Picture(tuple(boxes), tuple(arrows))
