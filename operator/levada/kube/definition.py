"""A run's definition: gathered from the objects it refers to, frozen in ConfigMaps of the run, read back."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from levada.frontend.native import definition_digest
from levada.frontend.references import references
from levada.kube.client import Api, Json
from levada.kube.errors import ApiError
from levada.kube.kept import reading
from levada.kube.resource import COMPONENTS, CONFIG_MAPS, PIPELINES, Resource
from levada.kube.task_pods import CONFLICT, NOT_FOUND
from levada.planner.names import RUN_LABEL, graph_name

_SHARD = 650_000  # bytes before base64: 900 KB in the object
_KEY = "definition"
_RESOURCES = {"Component": COMPONENTS, "Pipeline": PIPELINES}


class MissingReferencesError(LookupError):
    """Components or Pipelines that do not exist yet.

    Attributes
    ----------
    names
        Theirs, like `Component/train`.
    references
        Kind and name of all that is referred to, as far as it could be followed, these included.
    """

    def __init__(self, missing: Iterable[tuple[str, str]], references: set[tuple[str, str]]) -> None:
        self.names = [f"{kind}/{name}" for kind, name in sorted(missing)]
        self.references = references
        super().__init__(", ".join(self.names))


class FrozenElsewhereError(RuntimeError):
    """A ConfigMap of the right name belongs to another run, most likely one just deleted."""


class RecordLostError(RuntimeError):
    """A ConfigMap that a run cannot go on without is gone, or is another's now."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the ConfigMap {name}, in which this run kept what it needs to go on, was deleted; start a new run"
        )


@dataclass(frozen=True, slots=True)
class Definition:
    """All that is settled when a run starts.

    Attributes
    ----------
    run
        Its own spec; a Pipeline's where that is checked by itself.
    pipelines, components
        The specs of those that it refers to, by name.
    store
        The URL of the namespace's store, if it has one.
    """

    run: Json
    pipelines: dict[str, Json]
    components: dict[str, Json]
    store: str | None = None

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of the pipeline and its components, whatever the run's parameters."""
        own = self.run.get("pipelineSpec", self.run.get("kfp"))
        return definition_digest([self.pipelines, self.components, own])


async def gather(api: Api, namespace: str, spec: Json) -> Definition:
    """Read everything that a run refers to, or a Pipeline, directly or through other Pipelines, as it stands now.

    Raises
    ------
    MissingReferencesError
        Naming all that does not exist.
    """
    found: dict[str, dict[str, Json]] = {"Pipeline": {}, "Component": {}}
    missing: set[tuple[str, str]] = set()
    known: set[tuple[str, str]] = set()
    while wanted := references(spec, found) - known:  # what has just been read may refer to more
        for kind, name in sorted(wanted):
            read = await _read(api, _RESOURCES[kind], namespace, name)
            if read is None:
                missing.add((kind, name))
            else:
                found[kind][name] = read
        known |= wanted
    if missing:
        raise MissingReferencesError(missing, known)
    return Definition(spec, found["Pipeline"], found["Component"])


async def freeze(api: Api, run: Json, definition: Definition) -> Definition:
    """Write `definition` into immutable ConfigMaps owned by `run`, once; what was frozen before holds.

    Raises
    ------
    FrozenElsewhereError
        When the name is taken by something that is not this run's.
    """
    for body in reversed(frozen(run, definition)):  # the first, which says how many, last
        try:
            await api.create(CONFIG_MAPS, run["metadata"]["namespace"], body)
        except ApiError as error:
            if error.status != CONFLICT:
                raise
            return await thaw(api, run)
    return definition


def frozen(run: Json, definition: Definition) -> list[Json]:
    """The ConfigMaps that hold `definition`."""
    packed = gzip.compress(json.dumps(asdict(definition)).encode(), mtime=0)
    parts = [packed[at : at + _SHARD] for at in range(0, len(packed), _SHARD)]
    return [
        config_map(run, _shard_name(run, index), {_KEY: base64.b64encode(part).decode()}, len(parts))
        for index, part in enumerate(parts)
    ]


async def thaw(api: Api, run: Json) -> Definition:
    """Read back what `freeze` wrote; of a run that has started it must be there.

    Raises
    ------
    FrozenElsewhereError
        When it belongs to another run.
    RecordLostError
        When a part of it is gone.
    UnreadableError
        When it makes no sense.
    """
    first = await _own_config_map(api, run, 0)
    what = f"the ConfigMap {first['metadata']['name']}"
    with reading(what):
        count = int(first["metadata"]["annotations"]["levada.dev/parts"])
    parts = [first] + [await _own_config_map(api, run, index) for index in range(1, count)]
    with reading(what):
        packed = b"".join(base64.b64decode(part["binaryData"][_KEY]) for part in parts)
        return Definition(**json.loads(gzip.decompress(packed)))


def config_map(run: Json, name: str, data: dict[str, str], parts: int = 1) -> Json:
    """An immutable ConfigMap that goes with `run`."""
    metadata = run["metadata"]
    owner = {"apiVersion": run["apiVersion"], "kind": run["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {RUN_LABEL: metadata["name"]},
            "annotations": {"levada.dev/parts": str(parts)},
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": False}],
        },
        "immutable": True,
        "binaryData": data,
    }


def is_owned(config: Json, run: Json) -> bool:
    """Whether a ConfigMap belongs to this very run."""
    return any(owner["uid"] == run["metadata"]["uid"] for owner in config["metadata"].get("ownerReferences", []))


async def read_config_map(api: Api, run: Json, name: str) -> Json:
    """A ConfigMap of the run that must be there. Raises RecordLostError."""
    try:
        return await api.get(CONFIG_MAPS, run["metadata"]["namespace"], name)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        raise RecordLostError(name) from None


def _shard_name(run: Json, index: int) -> str:
    name = graph_name(run["metadata"]["name"])
    return f"{name}-{index}" if index else name


async def _own_config_map(api: Api, run: Json, index: int) -> Json:
    name = _shard_name(run, index)
    found = await read_config_map(api, run, name)
    if not is_owned(found, run):
        if run.get("status", {}).get("startTime"):
            raise RecordLostError(name)
        raise FrozenElsewhereError(f"ConfigMap {name} belongs to something else")
    return found


async def _read(api: Api, resource: Resource, namespace: str, name: str) -> Json | None:
    """The spec of an object, if it exists."""
    try:
        spec: Json = (await api.get(resource, namespace, name))["spec"]
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        return None
    return spec
