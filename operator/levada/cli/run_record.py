"""Reads all that is recorded of a run: its object, and what does not fit into it."""

from collections.abc import Mapping
from typing import Any

from levada.cli.exits import CommandError
from levada.cli.run_view import View, run_view
from levada.frontend.mistakes import closest
from levada.kube.bulky import unpack
from levada.kube.client import Api
from levada.kube.errors import ApiError
from levada.kube.kept import rows_of
from levada.kube.resource import CONFIG_MAPS, PIPELINE_RUNS, PartialObject
from levada.planner.encoding import Row, readable
from levada.planner.paths import in_tree_order

_NOT_FOUND = 404
_SHOWN = 5
"""Runs that are named to somebody who named none of them."""


async def read_run(api: Api, namespace: str, name: str) -> View:
    """The view of one run, with every task that has begun and all outputs that may be read.

    Raises
    ------
    CommandError
        With exit code 2 when there is no such run.
    """
    run = await read_object(api, namespace, name)
    status = run.get("status", {})
    listed = {task["path"]: task for task in status.get("tasks", [])}
    rows = rows_of(status)
    shards = await _read_shards(api, namespace, status.get("outputsConfigMaps", []), rows)
    recorded = {row.path: readable(row) | _outputs(row, shards) for row in rows}
    tasks = {path: recorded.get(path, task) for path, task in {**listed, **recorded}.items()}
    view = run_view(run, [tasks[path] for path in in_tree_order(tasks)])
    own = [shard[""] for shard in shards.values() if "" in shard]
    return view | {"outputs": {**view["outputs"], **own[0]}} if own else view


async def read_object(api: Api, namespace: str, name: str) -> dict[str, Any]:
    """A PipelineRun as the API server has it.

    Raises
    ------
    CommandError
        With exit code 2 when there is no such run.
    """
    try:
        return await api.get(PIPELINE_RUNS, namespace, name)
    except ApiError as error:
        # Without a name in its details the answer is about the kind: the CRD is not there.
        if error.status != _NOT_FOUND or not error.details.get("name"):
            raise
        others = await _names(api, namespace)
        near = closest(name, others)
        meant = f" (did you mean {near!r}?)" if near else f"; it has {_listed(others)}" if others else ""
        raise CommandError(f"there is no PipelineRun {name!r} in namespace {namespace}{meant}") from None


async def _names(api: Api, namespace: str) -> list[str]:
    """The runs that there are, the newest first, as far as the caller may know."""
    try:
        found = await api.list(PartialObject, PIPELINE_RUNS, namespace, metadata_only=True)
    except ApiError:
        return []
    found.sort(key=lambda run: run.metadata.creation_timestamp or "", reverse=True)
    return [run.metadata.name for run in found]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


async def _read_shards(api: Api, namespace: str, names: list[str], rows: list[Row]) -> dict[int, Mapping[str, Any]]:
    """The ConfigMaps with bulky outputs, by number; those that may not be read are left out."""
    shards: dict[int, Mapping[str, Any]] = {}
    wanted = {row.shard for row in rows if row.shard is not None}
    wanted.add(len(names) - 1)  # the run's own outputs come last
    for number in sorted(wanted & set(range(len(names)))):
        try:
            config = await api.get(CONFIG_MAPS, namespace, names[number])
        except ApiError:
            continue
        shards[number] = unpack(config)
    return shards


def _outputs(row: Row, shards: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    if row.shard is None or row.shard not in shards:
        return {}
    return {"outputs": shards[row.shard].get(row.path, {})}
