"""Puts the parts together: what runs on every replica, and what runs only on the one that leads."""

import asyncio
import logging
import signal
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from levada.handlers import health, logs
from levada.handlers.settings import Settings
from levada.kube.client import Api, connect
from levada.kube.events import Recorder
from levada.kube.lease import Lease, LeaseSettings
from levada.kube.queue import KeyedQueue
from levada.kube.resource import COMPONENTS, PIPELINE_RUNS, PIPELINES, PODS, PartialObject
from levada.kube.runtime import Runtime
from levada.kube.watch import Watch

GRACE = 8.0
"""Seconds that reconciliations under way get to end after SIGTERM."""
HUNG = 600.0
"""Seconds after which a watch that did nothing, not even try again, is thought dead."""
_UNKNOWN = 1.0
"""Seconds until an object is looked at again in whose namespace the Pods are not known yet."""
_log = logging.getLogger(__name__)


_KINDS = {resource.plural: resource for resource in (PIPELINE_RUNS, PIPELINES, COMPONENTS)}


class Key(NamedTuple):
    """What the queue holds."""

    kind: str
    namespace: str
    name: str


class Reconciler(Protocol):
    """What decides. The operator only calls it."""

    async def reconcile_run(self, namespace: str, name: str) -> float | None:
        """Bring one run forward; seconds after which to call again, or None. The run may be gone."""

    async def reconcile_definition(self, kind: str, namespace: str, name: str) -> float | None:
        """Check one of the `pipelines` or `components`, as `reconcile_run`."""

    async def failed(self, kind: str, namespace: str, name: str, error: Exception, failures: int) -> None:
        """Tell of an object that could not be reconciled, `failures` times in a row."""

    async def run(self) -> None:
        """Do what goes on beside the reconciliations, until cancelled."""

    def object_changed(self, kind: str, namespace: str, name: str, version: str) -> bool:
        """Hear that an object of ours may have changed, or is gone (then `version` is empty). Whether that is news."""

    def pod_changed(self, old: Any, new: Any) -> None:
        """Hear of a Pod that came, changed or went; mark its run with `Runtime.enqueue`."""

    def pods_listed(self, namespace: str | None, shown: Collection[tuple[str, str]]) -> None:
        """Hear which Pods there were, by namespace and name, when those of a namespace, or all, were listed anew."""


class _Part(Protocol):
    """What runs in the background while this replica leads."""

    async def run(self) -> None:
        """Run until cancelled."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller of `run` may change.

    Attributes
    ----------
    pod_type
        The msgspec struct that Pods are decoded as.
    pod_labels
        The selector for them.
    kubeconfig
        As in `credentials.load`.
    http_host
        The address to answer probes on; all of them when empty.
    lease
        The lease's times and name; namespace and identity come from the settings.
    """

    pod_type: type[Any]
    pod_labels: str
    kubeconfig: str | None = None
    http_host: str = ""
    lease: LeaseSettings | None = None


Factory = Callable[[Runtime], Reconciler]


class _Leader:
    """What runs only while this replica leads. Made anew each time, so that nothing stale is left of the last time."""

    def __init__(self, api: Api, settings: Settings, factory: Factory, options: Options) -> None:
        namespaces = settings.namespaces
        self._queue = KeyedQueue(self._reconcile, workers=settings.workers, on_failure=self._failed, around=_log_fields)
        self.pods = Watch(api, options.pod_type, PODS, namespaces=namespaces, labels=options.pod_labels)
        self._recorder = Recorder(api, settings.pod_name)
        self._kinds = {
            kind: Watch(
                api,
                PartialObject,
                resource,
                namespaces=namespaces,
                metadata_only=True,
                on_change=partial(self._changed, kind),
            )
            for kind, resource in _KINDS.items()
        }
        self._listed = asyncio.Event()
        self._reconciler = factory(Runtime(api, self.pods, self._recorder, self._enqueue))
        self.pods.on_change = self._reconciler.pod_changed
        self.pods.on_listed = self._reconciler.pods_listed

    async def run(self) -> None:
        """Work until cancelled; then let what is under way end, for a few seconds."""
        parts: tuple[_Part, ...] = (self.pods, self._recorder, self._reconciler, *self._kinds.values())
        working = asyncio.create_task(self._work(), name="reconcile")
        tasks = {working, *(asyncio.create_task(part.run(), name=type(part).__name__) for part in parts)}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
                raise RuntimeError(f"{task.get_name()} ended, which it never should")
        finally:
            self._queue.stop()
            if self.ready():
                await asyncio.wait({working}, timeout=GRACE)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._recorder.drained(), 1.0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def ready(self) -> bool:
        """Whether everything that may be listed has been, once."""
        return self._listed.is_set()

    async def _work(self) -> None:
        for watch in (self.pods, *self._kinds.values()):
            await watch.synced.wait()
        self._take_stock()
        self._listed.set()
        await self._queue.run()

    def _take_stock(self) -> None:
        """All that is there is looked at, beside what happens: the latest first, for most of the others are over."""
        found = [(kind, item.metadata) for kind, watch in self._kinds.items() for item in watch.store.values()]
        for kind, metadata in sorted(found, key=lambda each: each[1].creation_timestamp or "", reverse=True):
            key = Key(kind, metadata.namespace, metadata.name)
            if self._reconciler.object_changed(*key, metadata.resource_version):
                self._queue.add_backlog(key)

    def _changed(self, kind: str, old: PartialObject | None, new: PartialObject | None) -> None:
        if not (item := new or old) or not self._listed.is_set():
            return
        version = new.metadata.resource_version if new else ""
        key = Key(kind, item.metadata.namespace, item.metadata.name)
        if self._reconciler.object_changed(*key, version):
            self._queue.add(key)

    def _enqueue(self, kind: str, namespace: str, name: str, seconds: float) -> None:
        if seconds > 0:
            self._queue.add_after(Key(kind, namespace, name), seconds)
        else:
            self._queue.add(Key(kind, namespace, name))

    async def _reconcile(self, key: Key) -> float | None:
        if not self.pods.knows(key.namespace):
            return _UNKNOWN
        if key.kind == PIPELINE_RUNS.plural:
            return await self._reconciler.reconcile_run(key.namespace, key.name)
        return await self._reconciler.reconcile_definition(key.kind, key.namespace, key.name)

    async def _failed(self, key: Key, error: Exception, failures: int) -> None:
        await self._reconciler.failed(*key, error, failures)


def _log_fields(key: Key) -> AbstractContextManager[None]:
    return logs.bind(namespace=key.namespace, run=key.name if key.kind == PIPELINE_RUNS.plural else "")


class Operator:
    """One replica.

    Parameters
    ----------
    settings
        From the environment.
    factory
        Makes the reconciler, each time this replica begins to lead.
    options
        What else the caller decides.

    Attributes
    ----------
    port
        Where probes are answered, once `run` has begun.
    """

    def __init__(self, settings: Settings, factory: Factory, options: Options) -> None:
        self.port = 0
        self._settings = settings
        self._factory = factory
        self._options = options
        self._stop = asyncio.Event()
        self._leader: _Leader | None = None

    def stop(self) -> None:
        """End `run`: what is under way ends, the lease is released."""
        self._stop.set()

    async def run(self) -> None:
        """Contend for the lease and lead, until `stop`. Raises what made a part of the operator fail."""
        settings = self._settings
        async with connect(self._options.kubeconfig) as api:
            lease = Lease(api, self._lease_settings())
            api.transport.fence = lease.safe_seconds
            alive, ready = {"watch": self._hung}, {"lists": self._unready}
            probes = health.serve(settings.http_port, alive=alive, ready=ready, host=self._options.http_host)
            async with probes as self.port:
                contending = asyncio.create_task(lease.run(lambda: self._lead(api)), name="lease")
                stopping = asyncio.create_task(self._stop.wait(), name="stop")
                try:
                    await asyncio.wait({contending, stopping}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    contending.cancel()
                    stopping.cancel()
                    await asyncio.wait({contending, stopping})
                if not contending.cancelled():
                    contending.result()

    def _lease_settings(self) -> LeaseSettings:
        wanted = self._options.lease or LeaseSettings("")
        return replace(wanted, namespace=self._settings.pod_namespace, identity=self._settings.pod_name)

    async def _lead(self, api: Api) -> None:
        self._leader = _Leader(api, self._settings, self._factory, self._options)
        try:
            await self._leader.run()
        finally:
            self._leader = None

    def _hung(self) -> str | None:
        silent = self._leader.pods.silent_for() if self._leader else 0.0
        return f"nothing done for {silent:.0f} s" if silent > HUNG else None

    def _unready(self) -> str | None:
        """A replica that stands by is ready: it takes over when it has to."""
        return "not listed yet" if self._leader and not self._leader.ready() else None


async def run(settings: Settings, factory: Factory, options: Options) -> None:
    """Run one replica until SIGTERM or SIGINT.

    Parameters
    ----------
    settings, factory, options
        As for `Operator`.
    """
    operator = Operator(settings, factory, options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, operator.stop)
    await operator.run()
    _log.info("the operator has stopped")
