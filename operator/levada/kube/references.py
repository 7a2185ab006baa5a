"""Which runs' artifacts the runs of a namespace refer to: by their specs, their results, and what they run by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import msgspec

from levada.kube import bulky
from levada.kube.client import Api, Json
from levada.kube.definition import FrozenElsewhereError, RecordLostError, thaw
from levada.kube.errors import ApiError
from levada.kube.kept import rows_of
from levada.kube.resource import PIPELINE_RUNS
from levada.kube.task_pods import NOT_FOUND
from levada.planner.retention import is_over
from levada.store.sweep import runs_in


class References:
    """Reads runs that are over once, and others each time that it is asked."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, dict[str, frozenset[str]]] = {}

    async def held(self, namespace: str, living: Mapping[str, str]) -> set[str]:
        """The UIDs of the runs into whose folders another one of the `living` (names by UID) refers.

        Raises
        ------
        UnreadableError
            When it cannot be known what one of them refers to.
        """
        known = {uid: of for uid, of in self._known.get(namespace, {}).items() if uid in living}
        self._known[namespace] = known
        held: set[str] = set()
        for uid, name in living.items():
            held |= known[uid] if uid in known else await self._read(namespace, uid, name)
        return held

    def forget(self, namespace: str) -> None:
        """There is no store there to which its runs could refer."""
        self._known.pop(namespace, None)

    async def _read(self, namespace: str, uid: str, name: str) -> frozenset[str]:
        try:
            run = await self._api.get(PIPELINE_RUNS, namespace, name)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return frozenset()
            raise
        found: set[str] = set()
        async for part in self._parts(run):
            found |= runs_in(msgspec.json.encode(part).decode(), namespace)
        referred = frozenset(found - {uid})
        if is_over(run) and run["metadata"]["uid"] == uid:
            self._known[namespace][uid] = referred
        return referred

    async def _parts(self, run: Json) -> AsyncIterator[Any]:
        """All that may hold a reference: what is packed is unpacked, what is lost is left out."""
        status = run.get("status", {})
        yield run
        yield rows_of(status)
        for name in status.get("outputsConfigMaps", []):
            with suppress(RecordLostError):
                yield await bulky.read(self._api, run, name)
        if status.get("startTime") and not is_over(run):
            with suppress(RecordLostError, FrozenElsewhereError):
                yield asdict(await thaw(self._api, run))
