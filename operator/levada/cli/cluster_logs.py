"""A task's log in a cluster: from its Pod, and where that is gone what was kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from levada.cli.echo import echo
from levada.cli.exits import CommandError
from levada.cli.run_record import read_object
from levada.cli.run_view import FINAL
from levada.kube.client import Api
from levada.kube.errors import ApiError
from levada.kube.kept import rows_of
from levada.kube.namespace_store import read_store
from levada.kube.resource import PODS
from levada.kube.transport import Call
from levada.planner.encoding import Row, readable
from levada.planner.locations import attempt_root, log_uri
from levada.planner.no_log import Tasks, is_group, why_no_log
from levada.planner.nodes import Phase
from levada.planner.sighting import MAIN
from levada.store.errors import StoreError
from levada.store.objects import get_bytes
from levada.store.stores import Stores

_EVERY = 1.0
_LONGEST = 7 * 86_400.0
_PIECE = 1 << 16
_KEPT = 2 << 20
_NOT_STARTED = 400
"""The API server's answer while a Pod's container has not started."""
_NOT_FOUND = 404


async def task_log(api: Api, namespace: str, run: str, task: str, *, follow: bool) -> AsyncIterator[bytes]:
    """The log of a task's last attempt; with `follow` also of the attempts that come, until the task ends.

    Raises
    ------
    CommandError
        When there is no such task, or no log of it.
    """
    read = ""
    while True:
        row, tasks, is_over = await _look(api, namespace, run, task)
        is_over = is_over or (row is not None and row.phase.is_final) or is_group(task, tasks)
        if row is not None and row.pod and row.pod != read:
            read = row.pod
            async for piece in _of_pod(api, namespace, run, row, follow=follow):
                yield piece
            continue
        if is_over or not follow:
            if not read:
                raise CommandError(why_no_log(task, tasks))
            return
        await asyncio.sleep(_EVERY)


async def _look(api: Api, namespace: str, run: str, task: str) -> tuple[Row | None, Tasks, bool]:
    """What is recorded of the task, what is shown of it and the others, and whether the run is over."""
    found = await read_object(api, namespace, run)
    status = found.get("status", {})
    rows = {row.path: row for row in rows_of(status)}
    known = {listed["path"]: listed for listed in status.get("tasks", [])}
    total = status.get("counts", {}).get("total", 0)
    if task not in rows and total and len(known) >= total and task not in known:
        raise CommandError(f"the run {run!r} has no task {task!r}; it has {', '.join(sorted(known))}")
    tasks = known | {path: readable(row) for path, row in rows.items()}
    return rows.get(task), tasks, status.get("phase") in FINAL


async def _of_pod(api: Api, namespace: str, run: str, row: Row, *, follow: bool) -> AsyncIterator[bytes]:
    while True:
        call = Call("GET", PODS.path(namespace, row.pod, "log"), {"container": MAIN, "follow": str(follow).lower()})
        try:
            async with api.transport.stream(call, seconds=_LONGEST, silence=_LONGEST) as content:
                async for piece in content.iter_chunked(_PIECE):
                    yield piece
        except ApiError as error:
            if error.status == _NOT_FOUND:
                yield await _kept(api, namespace, run, row)
            elif error.status != _NOT_STARTED:
                raise
            elif follow and not (await _is_final(api, namespace, run, row.path)):
                await asyncio.sleep(_EVERY)
                continue
            else:
                _, tasks, _ = await _look(api, namespace, run, row.path)
                raise CommandError(why_no_log(row.path, tasks)) from None
        return


async def _is_final(api: Api, namespace: str, run: str, task: str) -> bool:
    row, _, is_over = await _look(api, namespace, run, task)
    return is_over or row is None or row.phase.is_final


async def _kept(api: Api, namespace: str, run: str, row: Row) -> bytes:
    """The end of the log of a failed attempt whose Pod is gone: from the store, or the few lines in the status."""
    if row.phase is not Phase.FAILED:
        gone = f"the Pod of {row.path} is gone, and with it its log: ask the cluster's log stack"
        raise CommandError(gone)
    try:
        found = await read_object(api, namespace, run)
        config = await read_store(api, namespace)
        root = attempt_root(config.url if config else "", namespace, found["metadata"]["uid"], row.path, row.attempt)
        kept = await asyncio.to_thread(get_bytes, Stores(config, ambient=True, patience=5.0), log_uri(root), _KEPT)
    except (ApiError, StoreError):
        echo(f"{row.path}: the Pod is gone; these are the last lines, from the run's status", err=True)
        return f"{row.log}\n".encode()
    echo(f"{row.path}: the Pod is gone; this is the end of its log, from the store", err=True)
    return kept
