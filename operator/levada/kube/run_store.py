"""The store as one run uses it: where its records stand, and what to say when it is not what it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from levada.kube.client import Api
from levada.kube.kept_log import keep_log
from levada.kube.namespace_store import read_store
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.handoff import Manifest
from levada.planner.locations import attempt_root, log_uri, namespace_root
from levada.planner.pod import RunIdentity
from levada.store.config import StoreConfig
from levada.store.errors import StoreChangedError, StoreError
from levada.store.lookup import Finder
from levada.store.manifest import read_manifest
from levada.store.objects import put_bytes
from levada.store.stores import Stores
from levada.store.sweep import put_mark

_PATIENCE = 10.0
"""Seconds that one request of the operator is tried again: the run looks again by itself."""


@dataclass(frozen=True, slots=True)
class RunStore:
    """The namespace's store, as it was when the run was (last) taken up.

    Attributes
    ----------
    config
        None where there is no store, or one that this run cannot use.
    fault
        What tasks that need the store fail with.
    """

    config: StoreConfig | None = None
    fault: Failure | None = None

    @property
    def url(self) -> str | None:
        """Below which everything stands."""
        return self.config.url if self.config else None

    async def read_manifest(self, run: RunIdentity, path: str, attempt: int, digest: str) -> Manifest:
        """The manifest of an attempt. Raises StoreError."""
        root = attempt_root(self.url or "none:", run.namespace, run.uid, path, attempt)
        return await asyncio.to_thread(read_manifest, self._stores(), root, digest)

    async def put_mark(self, namespace: str, uid: str, run: str) -> None:
        """Write that what the run makes goes from the store with it, if there is a store. Raises StoreError."""
        if self.config:
            await asyncio.to_thread(put_mark, self._stores(), namespace, uid, run)

    async def put_values(self, values: Mapping[str, str]) -> None:
        """Write what is too large for a Pod: text by URI. Raises StoreError."""
        for uri, text in values.items():
            await asyncio.to_thread(put_bytes, self._stores(), uri, text.encode())

    async def keep_log(self, api: Api, run: RunIdentity, pod: str, path: str, attempt: int) -> None:
        """Put the end of an attempt's log into the store, if there is one. Raises ApiError and StoreError."""
        if self.url:
            uri = log_uri(attempt_root(self.url, run.namespace, run.uid, path, attempt))
            await keep_log(api, self._stores(), run.namespace, pod, uri)

    def finder(self, run: RunIdentity) -> Finder:
        """Looks for results that are there already."""
        home = namespace_root(self.url, run.namespace) if self.url else None
        return Finder(self._stores(home), run.namespace, run.name)

    def _stores(self, home: str | None = None) -> Stores:
        return Stores(self.config, patience=_PATIENCE, home=home)


async def open_store(api: Api, namespace: str, frozen: str | None) -> RunStore:
    """The store of a run that began with the store at the URL `frozen` (None: with none, or it begins now)."""
    try:
        config = await read_store(api, namespace)
    except StoreError as error:
        return RunStore(None, Failure(error.reason, error.message))
    if frozen and (config is None or config.url != frozen):
        return RunStore(
            None, Failure(reasons.STORE_CHANGED, StoreChangedError.text(config.url if config else None, frozen))
        )
    return RunStore(config)
