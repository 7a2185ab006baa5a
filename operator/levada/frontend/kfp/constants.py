"""Values that are written out in a pipeline, and the placeholders in them."""

import re
from collections.abc import Mapping
from typing import Any

from levada.frontend.kfp.placeholders import INPUT_VALUE, PLACEHOLDER
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import Binding, Compose, Literal, RunFact, Text
from levada.graph.types import ValueMismatchError, check_value, natural_type

_FACTS: Mapping[str, Binding] = {
    ".pipeline_job_name": RunFact("name"),
    ".pipeline_job_resource_name": RunFact("name"),
    ".pipeline_job_uuid": RunFact("uid"),
    ".pipeline_task_uuid": RunFact("uid"),
    ".pipeline_job_create_time_utc": RunFact("startTime"),
    ".pipeline_job_schedule_time_utc": RunFact("startTime"),
    ".workspace_path": RunFact("workspace"),
}


def read_constant(value: Any, task: str, own: Mapping[str, Binding], place: Path, mistakes: Mistakes) -> Binding:
    """What a constant stands for.

    Parameters
    ----------
    value
        As it is written.
    task
        The task that takes it.
    own
        The task's other inputs, which placeholders may name.
    place, mistakes
        Where it stands, and what takes what is wrong.
    """
    if value is None:
        return Literal(None)
    shape = _filled(value, task, own, place, mistakes)
    if isinstance(shape, Text):
        return shape
    if _has_bindings(shape):
        return Compose(shape)
    try:
        return Literal(check_value(natural_type(value), shape))
    except ValueMismatchError as error:
        mistakes.add(place, str(error))
        return Literal(None)


def _filled(value: Any, task: str, own: Mapping[str, Binding], place: Path, mistakes: Mistakes) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inside, task, own, place / key, mistakes) for key, inside in value.items()}
    if isinstance(value, list):
        return [_filled(inside, task, own, place / index, mistakes) for index, inside in enumerate(value)]
    if isinstance(value, float) and value.is_integer():
        return check_value(natural_type(value), value)  # documents hold 3.0 for 3, beside placeholders too
    if not isinstance(value, str):
        return value
    parts: list[str | Binding] = []
    end = 0
    for match in PLACEHOLDER.finditer(value):
        parts += [value[end : match.start()], _inserted(match, task, own, place, mistakes)]
        end = match.end()
    parts.append(value[end:])
    if all(isinstance(part, str) for part in parts):
        return "".join(str(part) for part in parts)
    return Text(tuple(part for part in parts if part != ""))


def _inserted(
    match: re.Match[str], task: str, own: Mapping[str, Binding], place: Path, mistakes: Mistakes
) -> str | Binding:
    if found := INPUT_VALUE.fullmatch(match[1]):
        if found["name"] in own:
            return own[found["name"]]
        mistakes.add_unknown(place, "input", found["name"], own)
    if match[1] == ".pipeline_task_name":
        return task
    return _FACTS.get(match[1], match[0])


def _has_bindings(shape: Any) -> bool:
    if isinstance(shape, dict):
        return any(map(_has_bindings, shape.values()))
    if isinstance(shape, list):
        return any(map(_has_bindings, shape))
    return isinstance(shape, Text)
