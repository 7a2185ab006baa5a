"""Kubeflow's conditions (`triggerPolicy.condition`) as ours: CEL as well, but with other names for the inputs."""

import re
from collections.abc import Container

from levada.frontend.mistakes import Mistakes, Path
from levada.graph.conditions import ConditionError, check_condition

_QUOTED = r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_PARAMETER = r"""inputs\.(?:parameter_values|parameters)\[\s*(?P<q>["'])(?P<parameter>.*?)(?P=q)\s*\]"""
_ARTIFACT = r"""inputs\.artifacts\[\s*(?P<r>["'])(?P<artifact>.*?)(?P=r)\s*\]\.artifacts\[\s*(?P<index>\d+)\s*\]"""
_TOKEN = re.compile(f"{_PARAMETER}|{_ARTIFACT}|{_QUOTED}")
_LEFT = re.compile(r"\binputs\s*\.\s*(parameter_values|parameters|artifacts)\b|\bparseJson\s*\(")


def read_condition(
    text: str, inputs: Container[str], artifact_lists: Container[str], place: Path, mistakes: Mistakes
) -> str | None:
    """The condition over `inputs`, some of which are lists of artifacts; None where it cannot be read."""

    def ours(match: re.Match[str]) -> str:
        name = match["parameter"] if match["parameter"] is not None else match["artifact"]
        if name is None:
            return match[0]
        if name not in inputs:
            mistakes.add(place, f"the condition names the input {name!r}, which the task does not have")
        index = f"[{match['index']}]" if match["artifact"] is not None and name in artifact_lists else ""
        return f'inputs["{name}"]{index}'

    found = _TOKEN.sub(ours, " ".join(text.splitlines()))
    bare = re.sub(_QUOTED, "''", found)
    if left := _LEFT.search(bare):
        mistakes.add(place, f"{left[0].strip()!r} is not supported here: compare inputs.parameter_values['name']")
        return None
    try:
        check_condition(found)
    except ConditionError as error:
        mistakes.add(place, str(error))
        return None
    return found
