"""Tasks whose results may be there already: they are asked for before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from levada.graph.model import Datum
from levada.planner.flow.rerun import NOTHING, Results
from levada.planner.nodes import Leaf


@dataclass(frozen=True, slots=True)
class Lookup:
    """Look for the results of `leaf`: in the cache where the task has a policy for it, and first in an earlier run.

    Attributes
    ----------
    earlier
        What the run called `run` made of the same work, to be taken over if it still stands; None where it did not.
    """

    leaf: Leaf
    earlier: Mapping[str, Datum] | None
    run: str


@dataclass(slots=True)
class Lookups:
    """The tasks of one run that wait for an answer.

    Attributes
    ----------
    earlier
        What the run takes over where the work is the same.
    """

    earlier: Results = NOTHING
    _due: dict[str, Leaf] = field(default_factory=dict)
    _put_off: dict[str, tuple[Leaf, datetime]] = field(default_factory=dict)

    def admit(self, leaf: Leaf) -> bool:
        """Whether `leaf`, which has all it waited for, is to be asked for before it starts."""
        is_wanted = leaf.task.cache is not None or leaf.path in self.earlier.tasks
        if is_wanted:
            self._due[leaf.path] = leaf
        return is_wanted

    def put_off(self, leaf: Leaf, until: datetime) -> None:
        """Ask for it again, then."""
        self._put_off[leaf.path] = (leaf, until)

    def ask_again(self, path: str) -> None:
        """Ask at once for what was put off."""
        if entry := self._put_off.pop(path, None):
            self._due[path] = entry[0]

    def take(self, now: datetime) -> list[Leaf]:
        """What is to be asked for now; each is named once."""
        for path in [path for path, (_, until) in self._put_off.items() if until <= now]:
            self.ask_again(path)
        due, self._due = self._due, {}
        # A task that was seen at work, or to have ended, after a restart needs no answer.
        return [leaf for leaf in due.values() if not leaf.is_started and not leaf.phase.is_final]

    def ask(self, leaf: Leaf) -> Lookup | None:
        """What to ask for `leaf`; None where it simply starts: it is tried again, or its work is not what it was."""
        earlier = self.earlier.of(leaf)
        policy = leaf.task.cache
        is_cached = policy is not None and not policy.is_disabled
        is_asked = not leaf.attempt and (is_cached or earlier is not None)
        return Lookup(leaf, earlier, self.earlier.run) if is_asked else None

    @property
    def moments(self) -> list[datetime]:
        """When to look again at what was put off."""
        return [until for _, until in self._put_off.values()]
