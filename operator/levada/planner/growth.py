"""The tree of a run grows: whole for a graph, and by its iterations for a loop whose items have become known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from levada.graph.model import Approval, Claim, Datum, Graph, Task
from levada.planner.nodes import Gate, Iterations, Leaf, Node, Order, Scope


def grow(graph: Graph, inputs: Mapping[str, Datum], facts: Mapping[str, str]) -> Scope:
    """The tree of a run of `graph`, as far as it is known; every child waits for its group besides its predecessors."""
    root = Scope("", Task("", graph), None, inputs=inputs, facts=facts)
    populate(root)
    return root


def populate(scope: Scope) -> None:
    """Give a graph its nodes, and the graphs in it theirs."""
    pending = [scope]
    while pending:
        parent = pending.pop()
        graph = parent.graph
        for name, task in graph.tasks.items():
            parent.children[name] = _node(_below(parent, name), task, parent, survives=parent.survives)
        for name, task in graph.finals.items():
            parent.children[name] = _node(_below(parent, f"finally.{name}"), task, parent, survives=True)
        parent.unfinished, parent.unfinished_finals = len(graph.tasks), len(graph.finals)
        _connect(parent, graph.tasks)
        _connect(parent, graph.finals)
        pending += [child for child in parent.children.values() if isinstance(child, Scope)]


def iterate(loop: Iterations, items: Sequence[Datum]) -> list[Node]:
    """The iterations of `loop`, each with what is in it; all of them wait."""
    assert loop.scope is not None
    for index, item in enumerate(items):
        path = f"{loop.path}[{index}]"
        node = _once(path, loop.task, loop.scope, survives=loop.survives)
        node.parent, node.item, node.blockers = loop, item, 1
        if isinstance(node, Scope):
            populate(node)
        loop.iterations.append(node)
    loop.unfinished = len(loop.iterations)
    loop.waiting.extend(loop.iterations)
    return loop.iterations


def below(node: Node) -> Iterator[Node]:
    """A node and all below it, parents first, in written order."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, Scope | Iterations):
            pending.extend(reversed(list(current.members())))


def _below(scope: Scope, name: str) -> str:
    return f"{scope.path}.{name}" if scope.path else name


def _node(path: str, task: Task, scope: Scope, *, survives: bool) -> Node:
    if task.loop:
        return Iterations(path, task, scope, scope, survives)
    return _once(path, task, scope, survives=survives)


def _once(path: str, task: Task, scope: Scope, *, survives: bool) -> Node:
    if isinstance(task.body, Graph):
        return Scope(path, task, scope, scope, survives, facts=scope.facts)
    if isinstance(task.body, Claim):
        return Order(path, task, scope, scope, survives)
    kind = Gate if isinstance(task.body, Approval) else Leaf
    return kind(path, task, scope, scope, survives)


def _connect(scope: Scope, tasks: Mapping[str, Task]) -> None:
    """Let each task wait for the start of its kind, and for its predecessors of the same kind."""
    for name, task in tasks.items():
        predecessors = [other for other in task.predecessors() if other in tasks]
        scope.children[name].blockers = len(predecessors) + 1
        for other in predecessors:
            scope.children[other].dependants.append(scope.children[name])
