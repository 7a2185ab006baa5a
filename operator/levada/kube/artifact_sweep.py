"""What runs made goes from the store after them, where they wished it: found by the marks that they left there.

A folder goes when two passes in a row found it without its run and without anybody who refers to it. Whoever takes
over a reference between two passes (a cached result that becomes a run's own) is seen by the second one.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from levada.kube import metrics
from levada.kube.client import Api
from levada.kube.errors import ApiError, NotLeaderError
from levada.kube.kept import UnreadableError
from levada.kube.namespace_store import read_store
from levada.kube.references import References
from levada.kube.resource import PIPELINE_RUNS, PartialObject
from levada.kube.runtime import Runtime
from levada.kube.store_threads import in_store_thread
from levada.planner.retention import History
from levada.store.errors import StoreError
from levada.store.stores import Stores
from levada.store.sweep import cached_runs, is_marked, run_folders, sweep

_PATIENCE = 10.0
"""Seconds that one request to a store is tried again: the next pass comes by itself."""
_log = logging.getLogger(__name__)


class ArtifactSweep:
    """Sweeps the stores of namespaces, one after the other.

    Parameters
    ----------
    runtime
        Requests and Pods.
    history
        Knows the runs that stay without their artifacts.
    every
        Between two passes.

    Attributes
    ----------
    namespaces
        Where to look: those in which something of Levada was seen since they had no store, or were not there.
    """

    def __init__(self, runtime: Runtime, history: History, every: timedelta) -> None:
        self.namespaces: set[str] = set()
        self._runtime = runtime
        self._api: Api = runtime.api
        self._history = history
        self._every = every.total_seconds()
        self._references = References(runtime.api)
        self._unused: dict[str, set[str]] = {}
        self._unmarked: set[str] = set()

    async def look(self) -> float:
        """One pass. Returns the seconds until the next."""
        for namespace in sorted(self.namespaces):
            try:
                await self._look_at(namespace)
            except (ApiError, StoreError, UnreadableError) as error:
                _log.warning("its store is not swept: %s", error, extra={"namespace": namespace})
        return self._every

    async def _look_at(self, namespace: str) -> None:
        config = await read_store(self._api, namespace)
        if config is None:  # nor a namespace, maybe
            self.namespaces.discard(namespace)
            self._unused.pop(namespace, None)
            self._references.forget(namespace)
            return
        stores = Stores(config, patience=_PATIENCE)
        folders = await in_store_thread(run_folders, stores, namespace) - self._unmarked
        before = self._unused.pop(namespace, set())
        if not folders:
            return
        # Listed after the folders: whoever has one and is not in the list is gone for good.
        runs = await self._api.list(PartialObject, PIPELINE_RUNS, namespace, metadata_only=True)
        living = {run.metadata.uid: run.metadata.name for run in runs}
        left = {uid for uid in folders if uid not in living or self._history.is_kept(uid)}
        marked = {uid for uid in left if await self._is_marked(stores, namespace, uid)}
        if not marked:
            return
        # The cache first: what a run takes over from it after that is seen in the run, or at the next pass.
        cached = await in_store_thread(cached_runs, stores, namespace)
        unused = marked - self._owners_of_pods() - cached - await self._references.held(namespace, living)
        for uid in sorted(unused & before):
            removed = await in_store_thread(sweep, stores, namespace, uid, self._check_that_we_lead)
            metrics.REMOVED.labels("folder").inc()
            _log.info("swept %d objects of the run with UID %s", removed, uid, extra={"namespace": namespace})
        self._unused[namespace] = unused - before

    async def _is_marked(self, stores: Stores, namespace: str, uid: str) -> bool:
        found = await in_store_thread(is_marked, stores, namespace, uid)
        if not found:
            self._unmarked.add(uid)
        return found

    def _owners_of_pods(self) -> set[str]:
        """The UIDs of runs that have Pods: as long as one is left it may still write."""
        pods = self._runtime.pods.store.values()
        return {owner.uid for pod in pods for owner in pod.metadata.owner_references}

    def _check_that_we_lead(self) -> None:
        fence = self._api.transport.fence
        if fence and fence() <= 0:
            raise NotLeaderError("sweeping is given up: this replica may have lost the lease")
