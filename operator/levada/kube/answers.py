"""Tasks whose results are there already: looked for in the namespace's store, and kept there for later runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from levada.kube.run_store import RunFinder
from levada.planner import reasons
from levada.planner.flow.cache import UNVERIFIABLE, Hit, Miss, Work
from levada.planner.flow.flights import Flights
from levada.planner.flow.lookups import Lookup
from levada.planner.nodes import Leaf, Phase
from levada.planner.run import Run
from levada.store.errors import StoreDeniedError, StoreError, StoreUnavailableError

_log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=5)
"""When a store that did not answer is asked again."""
GIVES_UP = timedelta(minutes=2)
"""How long a task waits for such a store; then it runs."""
LONG = timedelta(minutes=10)
"""When to look again without having been told."""
MOST_ROUNDS = 50
"""Answers after answers in one step of a run: others have their turn, too."""

Who = tuple[str, str, str]
"""A namespace, a run and a task's path."""


class Tower:
    """The work that is under way in all namespaces; whose turn it is, is called."""

    def __init__(self, wake: Callable[[str, str], None]) -> None:
        self._flights: Flights[Who] = Flights()
        self._called: dict[tuple[str, str], set[str]] = {}
        self._wake = wake

    def board(self, work: Work, who: Who) -> Who | None:
        """Begin some work, unless another task of the namespace is at it: then that one is returned."""
        return self._flights.board(f"{who[0]}/{work.key}", who)

    def land(self, who: Who) -> None:
        """End it, and have the runs of those who wait look again."""
        for namespace, run, path in self._flights.land(who):
            self._called.setdefault((namespace, run), set()).add(path)
            self._wake(namespace, run)

    def called(self, namespace: str, run: str) -> set[str]:
        """The tasks of a run that need not wait any more."""
        return self._called.pop((namespace, run), set())


@dataclass(slots=True)
class Answers:
    """The lookups of one run."""

    run: Run
    finder: RunFinder
    tower: Tower
    _works: dict[str, Work] = field(default_factory=dict)
    _asked_since: dict[str, datetime] = field(default_factory=dict)

    async def ask(self, now: datetime) -> bool:
        """Keep what has ended, and look for what the planner wants to know. Whether there is more to ask at once."""
        await asyncio.gather(*(self._settle(leaf, now) for leaf in self.run.settled()))
        for leaf in self.run.stand_back() if self.run.is_suspended else ():
            self._land(leaf.path)
        for _ in range(MOST_ROUNDS):
            for path in self.tower.called(self.finder.namespace, self.finder.run):
                self.run.ask_again(path)
            lookups = self.run.lookups(now)
            if not lookups:
                return False
            await asyncio.gather(*(self._look(lookup, now) for lookup in lookups))
        return True

    def leave(self) -> None:
        """Let go of all work: the run is not at it any more, or will be taken up anew."""
        for path in list(self._works):
            self._land(path)

    async def _look(self, lookup: Lookup, now: datetime) -> None:
        leaf = lookup.leaf
        since = self._asked_since.setdefault(leaf.path, now)
        try:
            found = await self.finder.begin(lookup)
            if isinstance(found, Work):
                if pilot := self._board(leaf, found):
                    message = f"{pilot[2]} of {pilot[1]} does the same work"
                    self.run.put_off(leaf.path, reasons.WAITING_FOR_SAME_WORK, message, now + LONG)
                    return
                found = await self.finder.end(leaf, found, now)
        except StoreUnavailableError as error:
            if now - since < GIVES_UP:
                self._land(leaf.path)
                self.run.put_off(leaf.path, error.reason, error.message, now + AGAIN)
                return
            found = Miss(UNVERIFIABLE)
        except StoreDeniedError:
            found = Miss(UNVERIFIABLE)
        self.run.answer(leaf.path, found, now)
        if isinstance(found, Hit):
            self._land(leaf.path)

    def _board(self, leaf: Leaf, work: Work) -> Who | None:
        policy = leaf.task.cache
        pilot = self.tower.board(work, self._who(leaf.path)) if policy and policy.single_flight else None
        if pilot is None:
            self._works[leaf.path] = work
        return pilot

    async def _settle(self, leaf: Leaf, now: datetime) -> None:
        """Keep what a task made, and then let others look for it; best effort."""
        try:
            if leaf.phase is Phase.SUCCEEDED:
                await self.finder.keep(leaf, self._works.get(leaf.path), now)
        except StoreError as error:
            _log.warning("its results are not kept in the cache: %s", error, extra={"task": leaf.path})
        finally:
            self._land(leaf.path)

    def _land(self, path: str) -> None:
        self._works.pop(path, None)
        self.tower.land(self._who(path))

    def _who(self, path: str) -> Who:
        return (self.finder.namespace, self.finder.run, path)
