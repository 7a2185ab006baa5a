"""Starting a run in a cluster: what the files lack is looked up there, the rest is applied server-side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from levada.api.base import API_VERSION
from levada.cli.chosen import Chosen
from levada.frontend.mistakes import Path
from levada.frontend.objects import Elsewhere, Object
from levada.frontend.references import references
from levada.frontend.shape import mapping, without_nulls
from levada.kube.client import Api
from levada.kube.errors import ApiError
from levada.kube.resource import COMPONENTS, PIPELINE_RUNS, PIPELINES, Resource

FIELD_MANAGER = "levada-cli"
_RESOURCES = {"Component": COMPONENTS, "Pipeline": PIPELINES, "PipelineRun": PIPELINE_RUNS}
_NOT_FOUND = 404
_SERVERS_OWN = (
    "creationTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
    "selfLink",
)


async def look_up(api: Api, namespace: str, chosen: Chosen) -> tuple[Elsewhere, list[str]]:
    """The specs that the run refers to and the files do not hold, and what the cluster does not have either."""
    found: dict[str, dict[str, Any]] = {"Pipeline": {}, "Component": {}}
    everything: dict[str, dict[str, Any]] = {"Pipeline": {}, "Component": {}}
    for item in chosen.others:
        everything[item.kind][item.name] = item.spec
    missing: set[tuple[str, str]] = set()
    while wanted := {
        (kind, name) for kind, name in references(chosen.run.spec, everything) - missing if name not in everything[kind]
    }:
        for kind, name in wanted:
            spec = await _spec(api, _RESOURCES[kind], namespace, name)
            if spec is None:
                missing.add((kind, name))
            else:
                found[kind][name] = everything[kind][name] = spec
    return found, [f"{kind}/{name}" for kind, name in sorted(missing)]


async def apply(api: Api, namespace: str, chosen: Chosen) -> None:
    """Apply the Components and Pipelines that came with the run, and then the run."""
    for item in chosen.others:
        metadata = mapping(mapping(item.document.root.value()).get("metadata"))
        await _apply(api, namespace, item, metadata)
    await _apply(api, namespace, chosen.run, chosen.metadata)


async def _apply(api: Api, namespace: str, item: Object, metadata: Any) -> None:
    kept = {key: value for key, value in without_nulls(metadata, Path()).items() if key not in _SERVERS_OWN}
    body = {
        "apiVersion": API_VERSION,
        "kind": item.kind,
        "metadata": {**kept, "name": item.name, "namespace": namespace},
        "spec": item.spec,
    }
    resource = _RESOURCES[item.kind]
    await api.patch(resource, namespace, item.name, body, kind="apply", field_manager=FIELD_MANAGER)


async def _spec(api: Api, resource: Resource, namespace: str, name: str) -> Any:
    """The spec of an object; None where there is none."""
    try:
        return (await api.get(resource, namespace, name))["spec"]
    except ApiError as error:
        if error.status != _NOT_FOUND or not error.details.get("name"):
            raise
        return None


def other_namespaces(objects: Sequence[Object], namespace: str) -> list[str]:
    """The namespaces of objects that would have to go elsewhere."""
    return sorted({item.namespace for item in objects} - {namespace})
