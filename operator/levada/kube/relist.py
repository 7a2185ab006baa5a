"""Lists a kind again and again, and says which objects are not what they were: nothing is forgotten for long."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from levada.kube.backoff import Backoff
from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.resource import PartialObject, Resource

Hint = Callable[[str, str, str, str], None]
_log = logging.getLogger(__name__)


class Relist:
    """The safety net below the events of a low-volume kind: metadata only, page by page.

    Parameters
    ----------
    api, resource
        What to list.
    on_hint
        Called with the kind's plural, the namespace, the name and the version of each object that is new, changed or
        gone (then the version is empty).
    namespaces
        Where; everywhere when empty.
    every
        Seconds between two lists.

    Attributes
    ----------
    synced
        Set once everything has been listed once.
    """

    def __init__(
        self, api: Api, resource: Resource, on_hint: Hint, *, namespaces: Sequence[str] = (), every: float = 60.0
    ) -> None:
        self.synced = asyncio.Event()
        self._api = api
        self._resource = resource
        self._on_hint = on_hint
        self._namespaces: tuple[str | None, ...] = tuple(namespaces) or (None,)
        self._every = every
        self._known: dict[str | None, dict[tuple[str, str], tuple[str, str]]] = {}

    async def run(self) -> None:
        """List until cancelled."""
        backoff = Backoff(1.0, self._every)
        complaint = ""
        while True:
            try:
                for namespace in self._namespaces:
                    await self._list(namespace)
            except (ApiError, ApiUnreachableError) as error:
                if complaint != str(error):
                    complaint = str(error)
                    _log.warning("listing %s: %s", self._resource.plural, error)
                await asyncio.sleep(backoff.failed())
            else:
                complaint = ""
                backoff.reset()
                self.synced.set()
                await asyncio.sleep(self._every)

    async def _list(self, namespace: str | None) -> None:
        items = await self._api.list(PartialObject, self._resource, namespace, metadata_only=True)
        metas = [item.metadata for item in items]
        listed = {(meta.namespace, meta.name): (meta.uid, meta.resource_version) for meta in metas}
        known = self._known.get(namespace, {})
        self._known[namespace] = listed
        for key in listed.keys() | known.keys():
            if listed.get(key) != known.get(key):
                self._on_hint(self._resource.plural, *key, listed[key][1] if key in listed else "")
