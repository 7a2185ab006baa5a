"""Outputs too bulky for the status, in immutable ConfigMaps of the run: written once, before the status names them."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import msgspec

from levada.kube.client import Api, Json
from levada.kube.definition import config_map, is_owned, read_config_map
from levada.kube.errors import ApiError
from levada.kube.kept import reading
from levada.kube.resource import CONFIG_MAPS
from levada.kube.task_pods import CONFLICT
from levada.planner.names import outputs_name
from levada.planner.run import Run
from levada.planner.status import Shards

_KEY = "outputs"


async def place(api: Api, run: Json, shards: Shards, progress: Run) -> None:
    """Write the bulky outputs that stand nowhere yet into new ConfigMaps, and note where they are."""
    for group in shards.unplaced(progress):
        number = await _create(api, run, shards, msgspec.json.encode(group))
        shards.of |= dict.fromkeys(group, number)


async def _create(api: Api, run: Json, shards: Shards, packed: bytes) -> int:
    """A new ConfigMap with `packed`; its number."""
    while True:
        number = len(shards.names)
        name = outputs_name(run["metadata"]["name"], number)
        namespace = run["metadata"]["namespace"]
        body = config_map(run, name, {_KEY: base64.b64encode(gzip.compress(packed, mtime=0)).decode()})
        try:
            await api.create(CONFIG_MAPS, namespace, body)
        except ApiError as error:
            if error.status != CONFLICT or not is_owned(await api.get(CONFIG_MAPS, namespace, name), run):
                raise
            # Written before a crash and never recorded: its number stays used, the next one is ours.
            shards.names.append(name)
            continue
        shards.names.append(name)
        return number


async def read(api: Api, run: Json, name: str) -> dict[str, dict[str, Any]]:
    """The outputs in one of the run's ConfigMaps, by task path (the run's own under the empty path).

    Raises
    ------
    RecordLostError
        When it is gone.
    UnreadableError
        When it makes no sense.
    """
    return unpack(await read_config_map(api, run, name))


def unpack(config: Json) -> dict[str, dict[str, Any]]:
    """The outputs in such a ConfigMap. Raises UnreadableError."""
    with reading(f"the ConfigMap {config['metadata']['name']}"):
        packed = gzip.decompress(base64.b64decode(config["binaryData"][_KEY]))
        outputs: dict[str, dict[str, Any]] = msgspec.json.decode(packed)
    return outputs
