"""Tasks whose results are there already: looked for in threads while others run, and kept for later runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from levada.planner import reasons
from levada.planner.flow.cache import UNVERIFIABLE, Answer, Hit, Miss, Work
from levada.planner.flow.flights import Flights
from levada.planner.nodes import Leaf, Phase
from levada.planner.run import Run

if TYPE_CHECKING:
    from levada.local.record import Head
    from levada.local.workers import Workers
    from levada.planner.flow.lookups import Lookup
    from levada.store.lookup import Finder
    from levada.store.stores import Stores

_LONG = timedelta(hours=1)
"""When to look again without having been told."""


class Answers:
    """The lookups of one run; the store is opened when there is something to look for."""

    def __init__(self, run: Run, workers: Workers, stores: Callable[[], Stores], head: Head) -> None:
        self._run = run
        self._workers = workers
        self._stores = stores
        self._head = head
        self._flights: Flights[str] = Flights()
        self._works: dict[str, Work] = {}

    def ask(self) -> None:
        """Look for what the planner wants to know, and keep what has ended."""
        for leaf in self._run.settled():
            if leaf.phase is Phase.SUCCEEDED:
                work = self._works.pop(leaf.path, None)
                self._submit(partial(self._keep, leaf, work), leaf, self._land)
            else:
                self._land(leaf)
        for lookup in self._run.lookups(_now()):
            self._submit(partial(self._begin, lookup), lookup.leaf, self._begun)

    def _begun(self, leaf: Leaf, found: Answer | Work | None) -> None:
        """The first half of an answer is there; whoever is first at some work looks for its results."""
        if not isinstance(found, Work):
            self._answer(leaf, found)
            return
        policy = leaf.task.cache
        if policy and policy.single_flight and (pilot := self._flights.board(found.key, leaf.path)):
            message = f"{pilot} does the same work"
            self._run.put_off(leaf.path, reasons.WAITING_FOR_SAME_WORK, message, _now() + _LONG)
            return
        self._works[leaf.path] = found
        self._submit(lambda: self._finder().end(leaf, found, _now()), leaf, self._answer)

    def _answer(self, leaf: Leaf, found: Answer | None) -> None:
        # On a laptop a store that does not answer has been asked for a minute: better to do the work.
        self._run.answer(leaf.path, found or Miss(UNVERIFIABLE), _now())
        if isinstance(found, Hit):
            self._land(leaf)

    def _land(self, leaf: Leaf, _: Any = None) -> None:
        for path in self._flights.land(leaf.path):
            self._run.ask_again(path)

    def _begin(self, lookup: Lookup) -> Answer | Work:
        return self._finder().begin(lookup)

    def _keep(self, leaf: Leaf, work: Work | None) -> None:
        self._finder().keep(leaf, work, _now())

    def _finder(self) -> Finder:
        from levada.store.lookup import Finder  # noqa: PLC0415

        return Finder(self._stores(), self._head.namespace, self._head.name)

    def _submit(self, job: Callable[[], Any], leaf: Leaf, done: Callable[[Leaf, Any], None]) -> None:
        """Do `job` in a thread, and then `done` with what it found: None where the store could not tell."""
        from levada.store.errors import StoreError  # noqa: PLC0415

        def finished(found: Any, error: BaseException | None) -> None:
            if error and not isinstance(error, StoreError):
                raise error
            done(leaf, None if error else found)

        self._workers.submit(job, finished)


def _now() -> datetime:
    return datetime.now(UTC)
