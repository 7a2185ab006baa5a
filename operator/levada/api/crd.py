"""Writes the CustomResourceDefinitions from the models: `python -m levada.api.crd crds/`.

Pydantic writes JSON schema; the API server wants its structural subset of OpenAPI: no references, no unions,
one type per node, and an explicit mark where it must keep what it does not know.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from levada.api.base import GROUP, VERSION, Model, Resource
from levada.api.component import Component
from levada.api.pipeline import Pipeline
from levada.api.run import OBJECT_RULES, PipelineRun
from levada.api.status import ObjectStatus, RunStatus

Schema = dict[str, Any]

PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
# What is taken over as it is. Everything else pydantic writes is for other readers (titles, references, defaults).
KEPT: Final = frozenset({
    "description", "type", "format", "enum", "pattern", "required", "oneOf", "minimum", "maximum", "minLength",
    "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
    "x-kubernetes-validations", PRESERVE,
})  # fmt: skip
HEADER: Final = "# Generated from operator/levada/api by `make generate`: do not edit.\n"
AGE: Final = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
READY: Final = '.status.conditions[?(@.type=="Ready")]'


@dataclass(frozen=True)
class Kind:
    """One CustomResourceDefinition."""

    model: type[Resource]
    status: type[Model]
    plural: str
    short_name: str
    columns: tuple[dict[str, Any], ...]
    rules: tuple[dict[str, str], ...] = field(default=())


DEFINITION_COLUMNS: Final = (
    {"name": "Ready", "type": "string", "jsonPath": f"{READY}.status"},
    {"name": "Reason", "type": "string", "jsonPath": f"{READY}.reason"},
    AGE,
)
KINDS: Final = (
    Kind(Component, ObjectStatus, "components", "lcomp", DEFINITION_COLUMNS),
    Kind(Pipeline, ObjectStatus, "pipelines", "lpipe", DEFINITION_COLUMNS),
    Kind(
        PipelineRun,
        RunStatus,
        "pipelineruns",
        "lrun",
        (
            {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
            {"name": "Progress", "type": "string", "jsonPath": ".status.progress"},
            {"name": "Duration", "type": "string", "jsonPath": ".status.duration"},
            AGE,
        ),
        OBJECT_RULES,
    ),
)


def definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of a kind, as a plain dict."""
    name = kind.model.__name__
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": name,
                "listKind": f"{name}List",
                "plural": kind.plural,
                "singular": name.lower(),
                "shortNames": [kind.short_name],
                "categories": ["levada"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": list(kind.columns),
                    "schema": {"openAPIV3Schema": _root(kind)},
                }
            ],
        },
    }


def text(kind: Kind) -> str:
    """The file of a kind."""
    return HEADER + yaml.dump(definition(kind), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


def files() -> Iterator[tuple[str, str]]:
    """Name and text of each file in `crds/`."""
    return ((f"{kind.plural}.yaml", text(kind)) for kind in KINDS)


def structural_schema(model: type[Model]) -> Schema:
    """The model's structural schema."""
    schema = model.model_json_schema()
    return _structural(schema, schema.get("$defs", {}), in_list=False)


def _root(kind: Kind) -> Schema:
    schema = kind.model.model_json_schema()
    # The API server owns metadata, and requires these three itself.
    root: Schema = {
        "description": " ".join(schema["description"].split()),
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": _structural(schema["properties"]["spec"], schema["$defs"], in_list=False),
            # Without this default kstatus reads an object that the operator has not seen yet as done.
            "status": {**structural_schema(kind.status), "default": {"observedGeneration": -1}},
        },
    }
    if kind.rules:
        root["x-kubernetes-validations"] = list(kind.rules)
    return root


def _structural(node: Schema, definitions: Schema, *, in_list: bool) -> Schema:
    """Translate one node, and everything below it."""
    node = _resolved(node, definitions)
    kept: Schema = {key: value for key, value in node.items() if key in KEPT}
    if "description" in kept:
        kept["description"] = " ".join(kept["description"].split())
    # No defaults inside lists: stored with each of 10,000 tasks they would not fit into the object. Models have them.
    default = node.get("default")
    if default is not None and default not in ({}, []) and not in_list:
        kept["default"] = default
    if "const" in node:
        kept["enum"] = [node["const"]]
    if "type" not in node:
        return {**kept, PRESERVE: True}
    if "properties" in node:
        kept["properties"] = {
            name: _structural(child, definitions, in_list=in_list) for name, child in node["properties"].items()
        }
    elif kept["type"] == "object" and PRESERVE not in kept:
        kept["additionalProperties"] = _structural(_values(node), definitions, in_list=True)
    if "items" in node:
        kept["items"] = _structural(node["items"], definitions, in_list=True)
    return kept


def _resolved(node: Schema, definitions: Schema) -> Schema:
    """The node instead of a reference to it, and X instead of "X or null": to the API server null is absent."""
    while "$ref" in node or "anyOf" in node:
        beside = {key: value for key, value in node.items() if key not in {"$ref", "anyOf"}}
        if "$ref" in node:
            node = {**definitions[node["$ref"].removeprefix("#/$defs/")], **beside}
            continue
        choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        # A structural node has one type or, where several are allowed, none and is kept as it is.
        node = {**(choices[0] if len(choices) == 1 else {}), **beside}
    return node


def _values(node: Schema) -> Schema:
    """Schema of a map's values. The API server cannot check the names of a map's keys; the operator does."""
    # A map of anything is spelt `additionalProperties: {preserve}`, not as an object with `preserve` on itself:
    # CEL compares those wrongly ({a: 1} equals {b: 1}), and an edit of a run's parameters would slip through.
    values = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
    return values if isinstance(values, dict) else {}


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key, no aliases: equal parts stand there twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the signature is PyYAML's
        return True


def main(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files():
        (folder / name).write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
