"""The store as one run uses it: where its records stand, and what to say when it is not what it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.kept_log import read_end
from levada.kube.namespace_store import read_store
from levada.kube.store_threads import in_store_thread
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.flow.cache import Answer, Work
from levada.planner.flow.lookups import Lookup
from levada.planner.handoff import Manifest
from levada.planner.locations import attempt_root, log_uri, namespace_root
from levada.planner.nodes import Leaf
from levada.planner.pod import RunIdentity
from levada.store.config import StoreConfig
from levada.store.errors import StoreChangedError, StoreDeniedError, StoreError
from levada.store.lookup import Finder
from levada.store.manifest import read_manifest
from levada.store.objects import put_bytes
from levada.store.stores import Stores
from levada.store.sweep import put_mark

_log = logging.getLogger(__name__)
Found = TypeVar("Found")

AT_ONCE = 8
"""Calls of one run that are under way side by side: thousands of lookups leave threads to other runs."""
_PATIENCE = 10.0
"""Seconds that one request of the operator is tried again: the run looks again by itself."""


@dataclass(slots=True)
class RunStore:
    """The namespace's store, as it was when the run was (last) taken up; its keys may change meanwhile.

    Attributes
    ----------
    config
        None where there is no store, or one that this run cannot use.
    fault
        What tasks that need the store fail with.
    """

    api: Api
    namespace: str
    config: StoreConfig | None = None
    fault: Failure | None = None
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def url(self) -> str | None:
        """Below which everything stands."""
        return self.config.url if self.config else None

    async def ask(self, work: Callable[[Stores], Found]) -> Found:
        """What `work` finds, in a thread; all calls to the store pass here.

        Where the store denies it, and the namespace has other keys by now, `work` is done once more with those.

        Raises
        ------
        StoreError
            As `work` does.
        """
        async with self._turns:
            config = self.config
            try:
                return await in_store_thread(work, _opened(config, self.namespace))
            except StoreDeniedError:
                if not await self._read_keys_again(config):
                    raise
            return await in_store_thread(work, _opened(self.config, self.namespace))

    async def read_manifest(self, run: RunIdentity, path: str, attempt: int, digest: str) -> Manifest:
        """The manifest of an attempt. Raises StoreError."""
        root = attempt_root(self.url or "none:", run.namespace, run.uid, path, attempt)
        return await self.ask(lambda stores: read_manifest(stores, root, digest))

    async def put_mark(self, uid: str, run: str) -> None:
        """Write that what the run makes goes from the store with it, if there is a store. Raises StoreError."""
        if self.config:
            await self.ask(lambda stores: put_mark(stores, self.namespace, uid, run))

    async def put_values(self, values: Mapping[str, str]) -> None:
        """Write what is too large for a Pod: text by URI. Raises StoreError."""
        for uri, text in values.items():
            await self._put(uri, text.encode())

    async def keep_log(self, run: RunIdentity, pod: str, path: str, attempt: int) -> None:
        """Put the end of an attempt's log into the store, if there is one. Raises ApiError and StoreError."""
        if self.url:
            uri = log_uri(attempt_root(self.url, run.namespace, run.uid, path, attempt))
            await self._put(uri, await read_end(self.api, run.namespace, pod))

    def finder(self, run: RunIdentity) -> RunFinder:
        """Looks for results that are there already."""
        return RunFinder(self, run.name)

    async def _put(self, uri: str, data: bytes) -> None:
        await self.ask(lambda stores: put_bytes(stores, uri, data))

    async def _read_keys_again(self, denied: StoreConfig | None) -> bool:
        """Take over what the settings say of the store at this place. Whether that is something else than `denied`."""
        async with self._reading:
            if denied and self.config == denied:  # else another call has done it
                try:
                    found = await read_store(self.api, self.namespace)
                except (ApiError, ApiUnreachableError, StoreError) as error:
                    _log.warning("the store denies access, and its keys cannot be read again: %s", error)
                    return False
                if found and found.url == denied.url:
                    self.config = found
        return self.config != denied


@dataclass(frozen=True, slots=True)
class RunFinder:
    """A `Finder` whose every call asks the run's store.

    Attributes
    ----------
    run
        The run's name.
    """

    store: RunStore
    run: str

    @property
    def namespace(self) -> str:
        """Where the run is."""
        return self.store.namespace

    async def begin(self, lookup: Lookup) -> Answer | Work:
        """As `Finder.begin`."""
        return await self.store.ask(lambda stores: self._at(stores).begin(lookup))

    async def end(self, leaf: Leaf, work: Work, now: datetime) -> Answer:
        """As `Finder.end`."""
        return await self.store.ask(lambda stores: self._at(stores).end(leaf, work, now))

    async def keep(self, leaf: Leaf, work: Work | None, now: datetime) -> None:
        """As `Finder.keep`."""
        await self.store.ask(lambda stores: self._at(stores).keep(leaf, work, now))

    def _at(self, stores: Stores) -> Finder:
        return Finder(stores, self.namespace, self.run)


async def open_store(api: Api, namespace: str, frozen: str | None) -> RunStore:
    """The store of a run that began with the store at the URL `frozen` (None: with none, or it begins now)."""
    try:
        config = await read_store(api, namespace)
    except StoreError as error:
        return RunStore(api, namespace, fault=Failure(error.reason, error.message))
    if frozen and (config is None or config.url != frozen):
        text = StoreChangedError.text(config.url if config else None, frozen)
        return RunStore(api, namespace, fault=Failure(reasons.STORE_CHANGED, text))
    return RunStore(api, namespace, config)


@lru_cache(maxsize=64)  # opening takes 20 ms of the processor: the runs of a namespace share what is open
def _opened(config: StoreConfig | None, namespace: str) -> Stores:
    home = namespace_root(config.url, namespace) if config else None
    return Stores(config, patience=_PATIENCE, home=home)
