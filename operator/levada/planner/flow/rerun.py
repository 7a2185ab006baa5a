"""What a run takes over from an earlier one: the results of tasks whose work is the same now as it was then.

External data is compared by its URI here: nobody took its fingerprint when the earlier run read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from levada.graph.model import Datum
from levada.planner.flow.cache import external_uris, work_of
from levada.planner.flow.inputs import bind
from levada.planner.flow.retry import template_of
from levada.planner.nodes import Gate, Leaf, Order
from levada.planner.tree import Tree


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a task of the earlier run did, by its key, and what it made."""

    key: str
    outputs: Mapping[str, Datum]


@dataclass(frozen=True, slots=True)
class Results:
    """The results of the run called `run`, by the paths of its tasks."""

    run: str
    tasks: Mapping[str, Earlier]

    def of(self, leaf: Leaf) -> Mapping[str, Datum] | None:
        """What the earlier run made of the work of `leaf`; None where it did not do that, or other work."""
        earlier = self.tasks.get(leaf.path)
        return earlier.outputs if earlier and earlier.key == _key(leaf) else None


NOTHING = Results("", {})
"""Of a run that is no rerun."""


def results_of(name: str, run: Tree) -> Results:
    """What the tasks of a run that is over have made; it was built anew from its record and is of no use afterwards."""
    ended = [node for node in run.nodes.values() if node.phase.is_success]
    for node in ended:  # Restored before what it waited for, it was never bound; now all of that is there.
        bind(node)
    leaves = [node for node in ended if isinstance(node, Leaf) and not isinstance(node, Gate | Order)]
    return Results(name, {leaf.path: Earlier(_key(leaf), leaf.outputs) for leaf in leaves})


def _key(leaf: Leaf) -> str:
    by_uri = {uri: uri for uri in external_uris(leaf.inputs)}
    return work_of(leaf.component, leaf.path, leaf.inputs, template_of(leaf), "", by_uri).key
