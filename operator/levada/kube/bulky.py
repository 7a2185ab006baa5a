"""Outputs too bulky for the status, in immutable ConfigMaps of the run: written once, before the status names them."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from levada.kube.client import Api, Json
from levada.kube.definition import config_map, is_owned
from levada.kube.errors import ApiError
from levada.kube.resource import CONFIG_MAPS
from levada.kube.task_pods import CONFLICT
from levada.planner.encoding import plain_outputs
from levada.planner.names import outputs_name
from levada.planner.run import Run
from levada.planner.status import Shards

_KEY = "outputs"


async def place(api: Api, run: Json, shards: Shards, progress: Run) -> None:
    """Write the bulky outputs that stand nowhere yet into a new ConfigMap, and note where they are."""
    leaves = shards.unplaced(progress)
    if not leaves:
        return
    packed = msgspec.json.encode({leaf.path: plain_outputs(leaf.outputs) for leaf in leaves})
    name = outputs_name(run["metadata"]["name"], len(shards.names))
    namespace = run["metadata"]["namespace"]
    try:
        await api.create(CONFIG_MAPS, namespace, config_map(run, name, {_KEY: base64.b64encode(packed).decode()}))
    except ApiError as error:
        if error.status != CONFLICT or not is_owned(await api.get(CONFIG_MAPS, namespace, name), run):
            raise
        # Written before a crash and never recorded: its number stays used, the next one is ours.
        shards.names.append(name)
        await place(api, run, shards, progress)
        return
    for leaf in leaves:
        shards.of[leaf.path] = len(shards.names)
    shards.names.append(name)


async def read(api: Api, run: Json, name: str) -> dict[str, dict[str, Any]]:
    """The outputs in one of the run's ConfigMaps, by task path."""
    config = await api.get(CONFIG_MAPS, run["metadata"]["namespace"], name)
    outputs: dict[str, dict[str, Any]] = msgspec.json.decode(base64.b64decode(config["binaryData"][_KEY]))
    return outputs
