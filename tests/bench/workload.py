"""What is to be done: graphs of tasks that take some seconds each, as data and as objects of Levada's."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from e2e.runs import kind

IMAGE = "bench"
"""The fake kubelet runs nothing: a task's first argument says how long it takes, its second what it prints."""
_NUMBER = {"name": "n", "type": "Integer"}


@dataclass(frozen=True)
class Step:
    """One task: those it waits for, and the seconds that it takes."""

    name: str
    after: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Workload:
    """Runs that are started at once, each a graph of steps.

    Attributes
    ----------
    loop
        The first step makes a list; all others are the iterations of a loop over it.
    is_cached
        All of it has been done before: each task has an input of its own, and its result comes from the cache.
    """

    name: str
    graphs: tuple[tuple[Step, ...], ...] = field(repr=False)
    loop: bool = False
    is_cached: bool = False

    @property
    def count(self) -> int:
        return sum(len(graph) for graph in self.graphs)

    def run_names(self) -> list[str]:
        return [f"{self.name}-{number}" for number in range(len(self.graphs))]

    def definitions(self) -> Iterator[dict]:
        """The Component and the Pipelines."""
        yield kind("Component", "work", _COMPONENT)
        if self.loop:
            yield kind("Component", "points", _POINTS)
        for name, graph in zip(self.run_names(), self.graphs, strict=True):
            tasks = _loop(len(graph) - 1) if self.loop else [_task(step) for step in graph]
            if self.is_cached:
                tasks = [task | {"inputs": {"n": {"value": index}}} for index, task in enumerate(tasks)]
            yield kind("Pipeline", name, {"tasks": tasks} | ({"cache": {}} if self.is_cached else {}))

    def runs(self) -> list[dict]:
        return [kind("PipelineRun", name, {"pipelineRef": {"name": name}}) for name in self.run_names()]


_COMPONENT = {
    "inputs": [_NUMBER | {"optional": True}, {"name": "seconds", "type": "Float", "default": 0}],
    "outputs": [_NUMBER],
    "implementation": {
        "container": {
            "image": IMAGE,
            "command": ["work"],
            "args": [{"inputValue": "seconds"}, "7", {"outputPath": "n"}],
        }
    },
}
_POINTS = {
    "inputs": [{"name": "count", "type": "Integer"}],
    "outputs": [{"name": "points", "type": "List"}],
    "implementation": {
        "container": {
            "image": IMAGE,
            "command": ["work"],
            "args": ["0", {"concat": ["range ", {"inputValue": "count"}]}, {"outputPath": "points"}],
        }
    },
}


def _task(step: Step) -> dict:
    body: dict = {"name": step.name, "componentRef": {"name": "work"}}
    inputs: dict = {"seconds": {"value": step.seconds}} if step.seconds else {}
    if step.after:
        inputs["n"] = {"task": step.after[0], "output": "n"}
    if inputs:
        body["inputs"] = inputs
    if step.after[1:]:
        body["after"] = list(step.after[1:])
    return body


def _loop(count: int) -> list[dict]:
    return [
        {"name": "points", "componentRef": {"name": "points"}, "inputs": {"count": {"value": count}}},
        {
            "name": "fit",
            "componentRef": {"name": "work"},
            "forEach": {"items": {"task": "points", "output": "points"}},
            "inputs": {"n": {"item": "item"}},
        },
    ]


def chain(length: int) -> Workload:
    steps = [Step(f"t{index}", (f"t{index - 1}",) if index else ()) for index in range(length)]
    return Workload(f"chain-{length}", (tuple(steps),))


def fan(count: int) -> Workload:
    return Workload(f"fan-{count}", (tuple(Step(f"t{index}") for index in range(count)),))


def wide(count: int) -> Workload:
    """One large run; as `fan`, under its own name."""
    return Workload(f"run-{count}", fan(count).graphs)


def cached(count: int) -> Workload:
    return Workload(f"cached-{count}", fan(count).graphs, is_cached=True)


def staggered(count: int, longest: float = 20.0) -> Workload:
    draw = random.Random(8)
    steps = [Step(f"t{index}", seconds=round(draw.uniform(0, longest), 1)) for index in range(count)]
    return Workload(f"staggered-{count}", (tuple(steps),))


def runs(count: int, tasks: int) -> Workload:
    """Many small runs: two tasks, those that wait for one of them, and one that waits for all."""
    middle = [Step(f"m{index}", (f"a{index % 2}",)) for index in range(tasks - 3)]
    steps = (Step("a0"), Step("a1"), *middle, Step("end", tuple(step.name for step in middle)))
    return Workload(f"runs-{count}x{tasks}", (steps,) * count)


def layered(count: int, width: int = 50) -> Workload:
    """A random graph: each task waits for one to three of the layer above."""
    draw = random.Random(8)
    steps = [Step(f"t{index}") for index in range(width)]
    for index in range(width, count):
        above = (index // width - 1) * width
        chosen = draw.sample(range(above, above + width), draw.randint(1, 3))
        steps.append(Step(f"t{index}", tuple(f"t{number}" for number in chosen)))
    return Workload(f"random-{count}", (tuple(steps),))


def loop(count: int) -> Workload:
    steps = (Step("points"), *(Step(f"fit[{index}]", ("points",)) for index in range(count)))
    return Workload(f"loop-{count}", (steps,), loop=True)
