"""Importers of the graph, which are graphs without tasks, as people write them."""

from typing import Any

from levada.frontend.importers import OUTPUT
from levada.graph.model import Binding, External, Graph, Parameter, Text
from levada.graph.types import ANY_ARTIFACT

Spec = dict[str, Any]


def importer_of(graph: Graph) -> External | None:
    """The artifact that stands somewhere, if all that a graph does is to make it known."""
    if graph.tasks or graph.finals or set(graph.outputs) != {OUTPUT}:
        return None
    made = graph.outputs[OUTPUT]
    return made if isinstance(made, External) else None


def importer_spec(made: External) -> Spec:
    """The `importer` of a task that makes `made`."""
    uri = made.uri
    spec: Spec = {"uri": _text(*uri.parts) if isinstance(uri, Text) else _part(uri)}
    if made.type != ANY_ARTIFACT:
        spec["type"] = made.type
    return spec | {"metadata": _filled(dict(made.metadata))} if made.metadata else spec


def _filled(value: Any) -> Any:
    """A value in which bindings to the importer's own inputs stand as placeholders."""
    if isinstance(value, dict):
        return {name: _filled(inside) for name, inside in value.items()}
    if isinstance(value, list):
        return [_filled(inside) for inside in value]
    if isinstance(value, Text):
        return _part(*value.parts) if len(value.parts) == 1 else _text(*value.parts)
    return value


def _text(*parts: str | Binding) -> Spec:
    return {"concat": [_part(part) for part in parts]}


def _part(part: str | Binding) -> Any:
    return {"inputValue": part.name} if isinstance(part, Parameter) else part
