"""Null entries: what the API server makes of them, which is not the same for every field.

Where a field has no type (a parameter's value, a default, `env`) null means absent. Where it has one, server-side
apply refuses null, and a field that does not exist is as unknown with null as with anything else.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from levada.api.base import Model
from levada.api.component import ComponentSpec
from levada.api.graph_spec import PipelineSpec
from levada.api.run import RunSpec
from levada.frontend.mistakes import Mistakes, Path, Step, closest
from levada.frontend.shape import MAX_DEPTH

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_SPECS: Mapping[str, type[Model]] = {"Component": ComponentSpec, "Pipeline": PipelineSpec, "PipelineRun": RunSpec}


def check_nulls(kind: str, spec: Any, path: Path, mistakes: Mistakes) -> None:
    """Note every null entry of a spec that the API server does not take.

    Parameters
    ----------
    kind
        `Component`, `Pipeline` or `PipelineRun`.
    spec
        As it is written, nulls included.
    path
        Where it stands.
    mistakes
        Takes what is wrong.
    """
    for steps in _nulls(spec, ()):
        known, field = _field(_schema(kind), steps)
        if known is not None:
            mistakes.add(path.descend(steps), "unknown field", closest(str(steps[-1]), known))
        elif field and "type" in field and "default" not in field:
            mistakes.add(path.descend(steps), "is null, which the API server refuses here: leave it out")


@cache
def _schema(kind: str) -> dict[str, Any]:
    from levada.api.crd import structural_schema  # noqa: PLC0415  # most files have no null, and need no schema

    return structural_schema(_SPECS[kind])


def _nulls(value: Any, at: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """The places of all null entries; what is nested too deeply is refused elsewhere."""
    if len(at) > MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if item is None:
                yield (*at, key)
            else:
                yield from _nulls(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, (*at, index))


def _field(schema: dict[str, Any], steps: tuple[Step, ...]) -> tuple[list[str] | None, dict[str, Any] | None]:
    """What the schema says of the place `steps`: the names that it knows if this is none of them; the field's schema.

    Neither where the schema stops, or where something else than it expects stands on the way.
    """
    node = schema
    for index, step in enumerate(steps):
        if _PRESERVE in node:
            return None, None
        below = node.get("items") if isinstance(step, int) else node.get("properties", {}).get(step)
        if below is None and not isinstance(step, int):
            below = node.get("additionalProperties")
        if below is None:
            is_unknown = "properties" in node and index == len(steps) - 1
            return (list(node["properties"]) if is_unknown else None), None
        node = below
    return None, node
