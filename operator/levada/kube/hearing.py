"""What people say to the gates of a run, by its `approvals`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from levada.frontend.mistakes import closest
from levada.graph.gates import gate_at, gates_of
from levada.graph.model import Graph
from levada.planner.approvals import settle, verdicts
from levada.planner.run import Run


@dataclass(slots=True)
class Hearing:
    """Listens for one run."""

    graph: Graph
    _heard: set[str] = field(default_factory=set)
    _puzzles: list[str] = field(default_factory=list)

    def listen(self, run: Run, spec: Mapping[str, Any], now: datetime) -> None:
        """Decide the open gates that something was said to; what was said to others waits for them."""
        approvals = spec.get("approvals")
        if not approvals:
            return
        said = verdicts(approvals)
        if new := said.keys() - self._heard:
            self._heard |= new
            gates = list(gates_of(self.graph))
            self._puzzles += [_puzzle(path, gates) for path in sorted(new) if gate_at(path) not in gates]
        settle(run, said, now)

    def puzzles(self) -> list[str]:
        """What was said to no gate of the graph, in sentences, each once."""
        told, self._puzzles = self._puzzles, []
        return told


def _puzzle(path: str, gates: list[str]) -> str:
    near = closest(path, gates)
    return f"there is no approval {path!r} in this run" + (f" (did you mean {near!r}?)" if near else "")
