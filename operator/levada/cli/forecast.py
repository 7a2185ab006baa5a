"""What a run would do: the planner is asked, the cache is read, and nothing is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from levada.graph.model import Datum, Graph, Task
from levada.planner.flow.cache import DISABLED, UNVERIFIABLE, Answer, Miss, Work
from levada.planner.flow.lookups import Lookup
from levada.planner.nodes import Gate, Group, Leaf, Node, Order, Phase
from levada.planner.paths import in_tree_order
from levada.planner.run import Run
from levada.store.errors import StoreDeniedError
from levada.store.lookup import Finder

Forecast = dict[str, str]


def forecast(graph: Graph, inputs: Mapping[str, Datum], finder: Finder, name: str) -> list[Forecast]:
    """For each task its `path`, its `action` (Cached, Run, Skip or Unknown) and the `reason`, as the graph has them.

    A loop stands there itself only where it has no iterations, or none that are known yet.

    Raises
    ------
    StoreError
        The store cannot tell.
    """
    now = datetime.now(UTC)
    facts = {"name": name, "namespace": finder.namespace, "uid": "", "startTime": ""}
    run = Run(_without_limits(graph), inputs, facts=facts)
    while lookups := run.lookups(now):
        for lookup in lookups:
            run.answer(lookup.leaf.path, _answer(finder, lookup, now), now)
    starting = {start.leaf.path for start in run.plan(now).starts}
    nodes = [run.nodes[path] for path in in_tree_order(run.nodes)]
    return [_of(node, starting) for node in nodes if not (isinstance(node, Group) and any(node.members()))]


def _answer(finder: Finder, lookup: Lookup, now: datetime) -> Answer:
    try:
        found = finder.begin(lookup)
        return finder.end(lookup.leaf, found, now) if isinstance(found, Work) else found
    except StoreDeniedError:
        return Miss(UNVERIFIABLE)


def _without_limits(graph: Graph) -> Graph:
    """The graph without any `parallelism`: what only waits for room will run, and is known to."""

    def unlimited(task: Task) -> Task:
        loop = replace(task.loop, parallelism=None) if task.loop else None
        body = _without_limits(task.body) if isinstance(task.body, Graph) else task.body
        return replace(task, loop=loop, body=body)

    tasks, finals = ({name: unlimited(task) for name, task in some.items()} for some in (graph.tasks, graph.finals))
    return replace(graph, tasks=tasks, finals=finals, parallelism=None)


def _of(node: Node, starting: set[str]) -> Forecast:
    action, reason = "Unknown", f"depends on {_waits_for(node)}"
    if node.phase is Phase.CACHED:
        action, reason = "Cached", node.message
    elif node.phase is Phase.SUCCEEDED:
        action, reason = "Skip", "there is nothing to repeat it for"
    elif node.phase.is_final:
        action, reason = "Skip", node.message
    elif isinstance(node, Gate) and node.phase is Phase.RUNNING:
        action, reason = "Run", "it waits for an approval"
    elif isinstance(node, Order) and node.path in starting:
        action, reason = "Run", "it is done in each run"
    elif isinstance(node, Leaf) and node.path in starting:
        action, reason = "Run", node.miss or DISABLED
    return {"path": node.path, "action": action, "reason": reason}


def _waits_for(node: Node) -> str:
    """The first task that `node`, or a group around it, waits for."""
    current: Node | None = node
    while current is not None and current.scope is not None:
        for other in current.task.predecessors():
            predecessor = current.scope.children[other]
            if not predecessor.phase.is_final:
                return predecessor.path
        current = current.parent
    return "the rest of the run"
