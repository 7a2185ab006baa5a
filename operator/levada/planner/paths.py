"""Paths of tasks: `train`, `sweep[3].fit`, `train.finally.report`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_LAST = re.compile(r"(\[\d+\]|\.[^.\[]+)$")


def parent(path: str, known: Collection[str]) -> str:
    """The path of the nearest group around `path` that is among `known`; the empty one where there is none."""
    while (shorter := _LAST.sub("", path)) != path:
        if shorter in known:
            return shorter
        path = shorter
    return ""


def in_tree_order(paths: Iterable[str]) -> list[str]:
    """Each group followed by what is in it; otherwise as they come."""
    known = dict.fromkeys(paths)
    below: dict[str, list[str]] = {}
    for path in known:
        below.setdefault(parent(path, known), []).append(path)
    ordered: list[str] = []
    pending = list(reversed(below.get("", [])))
    while pending:
        path = pending.pop()
        ordered.append(path)
        pending += reversed(below.get(path, []))
    return ordered
