"""Options of a task's Pod that come from inputs and other tasks: known when the task is bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from levada.frontend.shape import mapping
from levada.graph import workspace
from levada.planner import reasons
from levada.planner.flow.values import UnusableError, value
from levada.planner.nodes import Node

_NAMES = ("name", "secretName")
_LISTS = ("env", "volumes", "tolerations", "imagePullSecrets")


def options_of(node: Node) -> Mapping[str, Any]:
    """The options, without the items for whose names there is no value.

    Raises
    ------
    UnavailableError, UnusableError
        As `values.value` does; a claim to mount must have a name.
    """
    assert node.task.bound_pod is not None
    assert node.scope is not None
    found: dict[str, Any] = dict(value(node.task.bound_pod, node.scope, node.item))
    for name in _LISTS:
        if name in found:
            found[name] = [item for item in _flat(found[name]) if not _lacks(item)]
    if not mentions(list(node.inputs.values()), workspace.FOLDER):
        found["volumes"] = [volume for volume in found.get("volumes", []) if volume["name"] != workspace.VOLUME]
    mounted = {volume["name"] for volume in found.get("volumes", [])}
    found["volumeMounts"] = [mount for mount in found.get("volumeMounts", []) if mount["name"] in mounted]
    if not mapping(found.get("affinity")).get("nodeAffinity", True):
        found["affinity"] = {name: rule for name, rule in found["affinity"].items() if rule}
    return {name: option for name, option in found.items() if option not in (None, [], {}, "")}


def mentions(datum: Any, text: str) -> bool:
    """Whether `text` stands in a value, at any depth."""
    if isinstance(datum, dict):
        return any(mentions(inside, text) for inside in datum.values())
    if isinstance(datum, list):
        return any(mentions(inside, text) for inside in datum)
    return isinstance(datum, str) and text in datum


def _flat(items: list[Any]) -> list[Any]:
    """The items, with those of lists in place of these: one input may hold several."""
    return [inner for item in items for inner in (item if isinstance(item, list) else [item])]


def _lacks(item: Any) -> bool:
    """Whether an item is empty, or the name of what it refers to has no value."""
    if item in (None, {}, ""):
        return True
    claim = mapping(mapping(item).get("persistentVolumeClaim"))
    if claim.get("claimName", "given") in (None, ""):
        raise UnusableError(reasons.INVALID_ITEM, "the PersistentVolumeClaim to mount has no name")
    return _is_nameless(item)


def _is_nameless(part: Any) -> bool:
    if isinstance(part, list):
        return any(map(_is_nameless, part))
    return any(
        inside is None or (inside == "" and key in _NAMES) or _is_nameless(inside)
        for key, inside in mapping(part).items()
    )
