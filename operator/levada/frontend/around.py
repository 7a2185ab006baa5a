"""What holds for a pipeline from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.frontend.scope import NO_NAMES, Names
from levada.graph.policies import Cache

DEEPEST = 16
"""How many pipelines may be nested in one another."""


@dataclass(frozen=True, slots=True)
class Around:
    """The run of a pipeline, or the tasks that it is nested in.

    Attributes
    ----------
    template, cache
        What they say of Pods and of earlier results.
    trail
        The names of the Pipelines that lead here.
    depth
        How many tasks it is nested in.
    names
        Those of the pipeline that this one is written in.
    """

    template: Mapping[str, Any] = field(default_factory=dict)
    cache: Cache | None = None
    trail: tuple[str, ...] = ()
    depth: int = 0
    names: Names = NO_NAMES
