"""The end of a failed attempt's log, from the kubelet into the store."""

from __future__ import annotations

import asyncio

from levada.kube.client import Api
from levada.planner.sighting import MAIN
from levada.store.objects import put_bytes
from levada.store.stores import Stores

KEPT = 1 << 20
"""Bytes that are kept."""
_LINES = 10_000
_READ = 8 << 20  # the API cuts a log at its end: what is read must hold the kept part


async def keep_log(api: Api, stores: Stores, namespace: str, pod: str, uri: str) -> None:
    """Store the last `KEPT` bytes of the main container's log at `uri`.

    Raises
    ------
    ApiError, ApiUnreachableError, StoreError
        When the log cannot be read or stored.
    """
    log = await api.read_log(namespace, pod, container=MAIN, tail=_LINES, limit=_READ)
    await asyncio.to_thread(put_bytes, stores, uri, log.encode()[-KEPT:])
