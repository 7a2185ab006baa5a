"""What the planner wants done now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from levada.graph.model import Datum
from levada.planner.nodes import Leaf


@dataclass(frozen=True, slots=True)
class Start:
    """Start this attempt with these inputs."""

    leaf: Leaf
    attempt: int
    inputs: Mapping[str, Datum]
    template: Mapping[str, Any]
    """The `podTemplate` of this attempt."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    Attributes
    ----------
    starts
        Attempts to start.
    stops
        Leaves whose running attempt must be stopped, named until it is proven dead; then they are decided.
    flush
        Whether the status must be written before anything starts: an attempt waits for it. Plan again after that.
    wake
        When to plan again though nothing was observed.
    """

    starts: list[Start] = field(default_factory=list)
    stops: list[Leaf] = field(default_factory=list)
    flush: bool = False
    wake: datetime | None = None
