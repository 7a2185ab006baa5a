"""The end of a failed attempt's log, which is kept when its Pod goes."""

from __future__ import annotations

from levada.kube.client import Api
from levada.planner.sighting import MAIN

KEPT = 1 << 20
"""Bytes that are kept."""
_LINES = 10_000
_READ = 8 << 20  # the API cuts a log at its end: what is read must hold the kept part


async def read_end(api: Api, namespace: str, pod: str) -> bytes:
    """The last `KEPT` bytes of the main container's log. Raises ApiError and ApiUnreachableError."""
    log = await api.read_log(namespace, pod, container=MAIN, tail=_LINES, limit=_READ)
    return log.encode()[-KEPT:]
