"""What the engines do about lookups: the planner says for what to look, this finds it in a namespace's store.

All of it may take long: it reads the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from levada.graph.model import Artifact
from levada.planner.flow.cache import DISABLED, OUTPUTS_GONE, Answer, Hit, Miss, Work, external_uris
from levada.planner.flow.retry import template_of
from levada.store.cache import ResultCache
from levada.store.content import holds
from levada.store.errors import StoreDeniedError, StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from levada.graph.model import Datum
    from levada.graph.policies import Cache
    from levada.planner.flow.lookups import Lookup
    from levada.planner.nodes import Leaf
    from levada.store.stores import Stores


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what one run looks for.

    Attributes
    ----------
    namespace, run
        Where the run is, and its name.
    """

    stores: Stores
    namespace: str
    run: str

    def begin(self, lookup: Lookup) -> Answer | Work:
        """The answer, if there is one without the cache; else the work to look for in it.

        Raises
        ------
        StoreUnavailableError, StoreDeniedError
            There is no answer yet, or none with these keys.
        """
        leaf = lookup.leaf
        if lookup.earlier is not None and self._stand(lookup.earlier):
            return Hit(lookup.earlier, f"{leaf.path} of {lookup.run}")
        if leaf.task.cache is None or leaf.task.cache.is_disabled:
            return Miss(OUTPUTS_GONE)
        if self._cache is None:
            return Miss(DISABLED)
        return _work(self._cache, leaf, leaf.task.cache)

    def end(self, leaf: Leaf, work: Work, now: datetime) -> Answer:
        """The answer to a lookup whose work `begin` told. Raises as it does."""
        assert self._cache
        assert leaf.task.cache
        return self._cache.find(work, leaf.component, leaf.task.cache, now)

    def keep(self, leaf: Leaf, work: Work | None, now: datetime) -> None:
        """Put the results of a task that has succeeded into the cache.

        Nothing is kept of a task whose external data is not what it was when `work` was told, or where that is not
        known (None: it was at work already when this engine began).

        Raises
        ------
        StoreError
            They cannot be kept.
        """
        policy = leaf.task.cache
        if self._cache is None or policy is None or policy.is_disabled:
            return
        if work is None and external_uris(leaf.inputs):
            return
        done = _work(self._cache, leaf, policy)
        if isinstance(done, Work) and work in (None, done):
            self._cache.keep(done, self.run, leaf.path, leaf.outputs, leaf.finished or now)

    @property
    def _cache(self) -> ResultCache | None:
        return ResultCache(self.stores, self.stores.url, self.namespace) if self.stores.url else None

    def _stand(self, outputs: Mapping[str, Datum]) -> bool:
        """Whether the artifacts among the outputs are still there, and what they were."""
        try:
            artifacts = [datum for datum in outputs.values() if isinstance(datum, Artifact)]
            return all(holds(self.stores, artifact.uri, artifact.digest or "") for artifact in artifacts)
        except (StoreUnavailableError, StoreDeniedError):
            raise
        except StoreError:
            return False


def _work(cache: ResultCache, leaf: Leaf, policy: Cache) -> Work | Miss:
    """What the results of a task follow from: its inputs, or the key that its policy puts in their place."""
    if policy.key is None:
        return cache.work(leaf.component, leaf.path, leaf.inputs, template_of(leaf), policy.salt)
    return cache.work(leaf.component, leaf.path, {}, {}, f"{policy.salt}\n{policy.key}")
