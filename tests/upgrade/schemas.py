"""Whether a CustomResourceDefinition still takes, and still shows, all that an earlier one took and showed."""

import operator
from collections.abc import Iterator
from typing import Any

_UPPER = ("maxLength", "maxItems", "maxProperties", "maximum")
_LOWER = ("minLength", "minItems", "minProperties", "minimum")
_SAME = ("type", "format", "pattern", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type")
_DEMANDS = ("multipleOf", "uniqueItems", "oneOf", "anyOf", "allOf", "not")
"""What may go, and otherwise has to stay as it is: whether another demand is a weaker one is not looked into."""
_FREEDOMS = ("nullable", "x-kubernetes-int-or-string")
_REWORDED = {
    "has(self.status.phase) && (!has(oldSelf.status.phase) || self.status.phase != oldSelf.status.phase)"
    " || has(self.status.taskStates)"
    " && (!has(oldSelf.status.taskStates) || self.status.taskStates != oldSelf.status.taskStates)"
    " || has(self.spec.pipelineSpec)": "self.status != oldSelf.status || has(self.spec.pipelineSpec)"
}
"""Beginnings of rules that refuse what others did before: no write changes both a spec and a status."""
_UNTYPED = "x-kubernetes-preserve-unknown-fields"


def lost(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What of the definition `old` does not hold in `new`, a line each; none where the change is compatible."""
    versions = {version["name"]: version for version in new["spec"]["versions"]}
    found = [f"{word} was {was}, is {now}" for word, was, now in _identity(old, new) if was != now]
    for version in old["spec"]["versions"]:
        name = version["name"]
        if name not in versions or (version["served"] and not versions[name]["served"]):
            found.append(f"version {name} is not served any more")
        else:
            schemas = (each["schema"]["openAPIV3Schema"] for each in (version, versions[name]))
            found += list(_narrowed(*schemas, name))
    return found


def _identity(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What requests and stored objects name a kind by: the word, what it was and what it is."""
    for word in ("group", "scope"):
        yield word, old["spec"][word], new["spec"][word]
    for word in ("kind", "plural"):
        yield word, old["spec"]["names"][word], new["spec"]["names"][word]


def _narrowed(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}: {fault}" for fault in _tightened(old, new))
    for name, child in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _narrowed(child, new["properties"][name], f"{path}.{name}")
        elif not new.get(_UNTYPED):
            yield f"{path}.{name} is gone"
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict):
            yield from _narrowed(old[key], new.get(key) or {}, f"{path}[]")


def _tightened(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What one node itself takes no more."""
    if old.get(_UNTYPED) and not new.get(_UNTYPED):
        yield "took any field, and does not any more"
    yield from (f"{word} was {old.get(word)}, is {new.get(word)}" for word in _SAME if old.get(word) != new.get(word))
    yield from (f"{word} was true, and is not any more" for word in _FREEDOMS if old.get(word) and not new.get(word))
    for word in _DEMANDS:
        if new.get(word) and old.get(word) != new[word]:
            yield f"{word} was {old.get(word, 'free')}, is {new[word]}"
    if "enum" in new and not set(old.get("enum", ["anything"])) <= set(new["enum"]):
        yield f"of the words {old.get('enum', 'all')} only {new['enum']} are left"
    if more := set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{', '.join(sorted(more))} was not required"
    for word in (*_UPPER, *_LOWER):
        is_narrower = operator.gt if word in _UPPER else operator.lt
        if word in new and (word not in old or is_narrower(old[word], new[word])):
            yield f"{word} was {old.get(word, 'free')}, is {new[word]}"
    if more := _rules(new) - _rules(old):
        yield f"new rules: {'; '.join(sorted(more))}"


def _rules(schema: dict[str, Any]) -> set[str]:
    rules = {rule["rule"] for rule in schema.get("x-kubernetes-validations", ())}
    for now, before in _REWORDED.items():
        rules = {before + rule.removeprefix(now) if rule.startswith(now) else rule for rule in rules}
    return rules
