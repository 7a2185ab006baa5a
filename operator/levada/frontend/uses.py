"""What a pipeline's parameters are used for: it decides their type where none is declared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from levada.frontend.catalogue import Body
from levada.frontend.shape import mapping, named
from levada.graph.model import Input
from levada.graph.types import INTEGER, LIST

_ITEMS = Input("items", LIST, is_parameter=True)
_INDEX = Input("at", INTEGER, is_parameter=True)


def uses_of(tasks: Iterable[Mapping[str, Any]], bodies: Mapping[str, Body]) -> dict[str, list[Input]]:
    """The inputs that each parameter is bound to, in `tasks` as they are written."""
    uses: dict[str, list[Input]] = {}
    for _, name, raw in named(list(tasks)):
        for parameter, target in _of_task(raw, bodies[name]):
            uses.setdefault(parameter, []).append(target)
    return uses


def _of_task(raw: Mapping[str, Any], body: Body) -> Iterator[tuple[str, Input]]:
    bound = [(body.inputs.get(target), binding) for target, binding in mapping(raw.get("inputs")).items()]
    bound.append((_ITEMS, mapping(raw.get("forEach")).get("items")))
    bound += [(_INDEX, mapping(binding).get("at")) for _, binding in bound]
    for target, binding in bound:
        parameter = mapping(binding).get("parameter")
        if isinstance(parameter, str) and target is not None and "path" not in mapping(binding):
            yield parameter, target
