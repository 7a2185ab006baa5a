"""What a picture shows: boxes in boxes, and arrows between them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from levada.graph.model import Approval, Graph, Task, producers

PHASES = ("Pending", "Running", "Succeeded", "Cached", "Skipped", "Failed", "Cancelled")
"""In the order of a legend."""
_WORST = ("Failed", "Running", "Cancelled", "Pending", "Succeeded", "Cached", "Skipped")
"""Whose phase a box has that stands for several iterations: first what somebody may have to look into, then what is
still to come; only where none of them did anything at all it is skipped."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Box:
    """A task, or with an `inside` a nested graph.

    Attributes
    ----------
    path
        The task's identity in the run, such as `sweep.fit`.
    name
        What is written on it: its name in its graph, and what kind of task it is where it runs no container.
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


def picture_of(graph: Graph, phases: Mapping[str, str] | None = None) -> Picture:
    """The picture of `graph`.

    Parameters
    ----------
    graph
        What to show.
    phases
        The phase of each task of a run, by path (a task that is not there is pending); None for a definition. A box
        inside a loop stands for all iterations, and has the worst of their phases.
    """
    return _picture(graph, None if phases is None else _worst(phases), "")


def _worst(phases: Mapping[str, str]) -> dict[str, str]:
    """The phase of each box, by its path: that of a task without the indices of the loops around it."""
    found: dict[str, list[str]] = {}
    for path, phase in phases.items():
        if not path.endswith("]"):  # else an iteration: what became of it the loop says, which is recorded too
            found.setdefault(_INDEX.sub("", path), []).append(phase)
    return {path: min(several, key=_WORST.index) for path, several in found.items()}


def _picture(graph: Graph, phases: Mapping[str, str] | None, above: str) -> Picture:
    """The picture of `graph`, which is nested in the task at the path `above`; `phases` by the boxes' paths."""
    prefix = f"{above}." if above else ""
    paths = {name: f"{prefix}{name}" for name in graph.tasks}
    boxes, arrows = _drawn(graph.tasks, paths, phases)
    if graph.finals:
        place = f"{prefix}finally"
        paths |= {name: f"{place}.{name}" for name in graph.finals}
        last, arrows_within = _drawn(graph.finals, paths, phases)
        within = tuple(arrow for arrow in arrows_within if arrow.source.startswith(f"{place}."))
        boxes.append(Box(place, "finally", inside=Picture(tuple(last), within)))
    return Picture(tuple(boxes), tuple(arrows))


def _drawn(
    tasks: Mapping[str, Task], paths: Mapping[str, str], phases: Mapping[str, str] | None
) -> tuple[list[Box], list[Arrow]]:
    """The boxes of `tasks`, and the arrows that lead to them."""
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    for name, task in tasks.items():
        path = paths[name]
        inside = _picture(task.body, phases, path) if isinstance(task.body, Graph) else None
        boxes.append(Box(path, _label(task), None if phases is None else phases.get(path, "Pending"), inside))
        ordering = {edge.task for edge in task.after}
        bindings = [*task.inputs.values(), *([task.loop.items] if task.loop else [])]
        feeding = {name for binding in bindings for name in producers(binding)}
        arrows += (Arrow(paths[other], path, other in ordering - feeding) for other in task.predecessors())
    return boxes, arrows


def _label(task: Task) -> str:
    kind = " (approval)" if isinstance(task.body, Approval) else ""
    return f"{task.name}{kind}{' (forEach)' if task.loop else ''}"
