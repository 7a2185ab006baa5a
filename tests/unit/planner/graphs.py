"""Small graphs for tests of the planner."""

from levada.graph.model import After, Component, Graph, Input, Output, Task, TaskOutput
from levada.graph.types import INTEGER


def component(*inputs: str, optional: tuple[str, ...] = ()) -> Component:
    """A component with integer inputs and one integer output `n`."""
    declared = {name: Input(name, INTEGER, True, is_optional=name in optional) for name in (*inputs, *optional)}
    return Component(declared, {"n": Output("n", INTEGER, True)}, "image")


def task(name: str, *, needs: tuple[str, ...] = (), after: tuple[After, ...] = (), optional: bool = False) -> Task:
    """A task that takes the output `n` of each of `needs`."""
    body = component(optional=needs) if optional else component(*needs)
    return Task(name, body, {need: TaskOutput(need, "n") for need in needs}, after)


def graph(*tasks: Task, outputs: dict[str, TaskOutput] | None = None) -> Graph:
    """A graph of those tasks."""
    return Graph({}, {item.name: item for item in tasks}, outputs or {})
