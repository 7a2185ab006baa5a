"""What an executor of Kubeflow's is told: where its inputs stand and its outputs go, in its own words and places.

Source: the launcher of Kubeflow Pipelines and the executor of its SDK. The SDK makes paths out of URIs (`s3://b/k` is
`/s3/b/k`); any URI of another scheme it takes for a path as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from levada.graph.model import Absent, Artifact, Component, Datum
from levada.graph.types import ANY_ARTIFACT, item_type

_ROOTS: Final = {"s3": "/s3", "gs": "/gcs", "minio": "/minio"}
PARAMETERS: Final = "/tmp/kfp/outputs"  # noqa: S108  # a folder of its own in the Pod
"""Where the files of parameters go in a Pod."""
EXECUTOR_OUTPUT: Final = "output_metadata.json"
UNREAD: Final = f"/tmp/kfp/{EXECUTOR_OUTPUT}"  # noqa: S108
"""Where an executor without outputs may leave its answer."""
_VERSION: Final = "0.0.1"


@dataclass(frozen=True, slots=True)
class Told:
    """An artifact as the executor is told of it: `uri` in its own words, and the `path` that follows from that."""

    uri: str
    path: str


def local_form(uri: str) -> str | None:
    """The path that the SDK makes of a URI; None where it takes the URI itself for one."""
    scheme, separator, rest = uri.partition("://")
    return f"{_ROOTS[scheme]}/{rest}" if separator and scheme in _ROOTS else None


def told(uri: str, otherwise: str, *, has_roots: bool) -> Told:
    """How to tell of what stands at `uri` in the store; at the path `otherwise` where no path follows from it.

    `has_roots` says whether there are folders like `/s3`: not on a laptop, where other things may stand there.
    """
    path = local_form(uri) if has_roots else None
    return Told(uri, path) if path else Told(otherwise, otherwise)


def roots_of(paths: Iterable[str]) -> list[str]:
    """The folders of the Pod that its containers must share for these paths, each once."""
    known = (*_ROOTS.values(), PARAMETERS)
    found = {root for path in paths for root in known if path.startswith(f"{root}/")}
    return sorted(found)


def text_of_value(value: Any) -> str:
    """A value in an argument: text as it is, all else as compact JSON with sorted keys."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)


def described(artifact: Artifact, told_of: Told) -> dict[str, Any]:
    """An artifact of an input in the executor's words."""
    name = artifact.uri.rstrip("/").rpartition("/")[2]
    return _runtime(name, artifact.type, told_of, artifact.metadata)


def executor_input(
    component: Component,
    inputs: Mapping[str, Datum],
    artifacts: Mapping[str, list[dict[str, Any]]],
    outputs: Mapping[str, Told],
    answer: str,
) -> str:
    """What the executor is told, as JSON; empty parts are left out.

    Parameters
    ----------
    inputs
        Of the task; what is absent is not told.
    artifacts
        The artifacts among them, described.
    outputs
        Where each output goes.
    answer
        The path of the file in which the executor answers.
    """
    values = {
        name: inputs[name]
        for name, declared in component.inputs.items()
        if declared.is_parameter and not isinstance(inputs.get(name, Absent()), Absent)
    }
    made = {name: {"outputFile": outputs[name].path} for name, out in component.outputs.items() if out.is_parameter}
    stored = {
        name: {"artifacts": [_runtime(name, item_type(out.type) or out.type, outputs[name], {})]}
        for name, out in component.outputs.items()
        if not out.is_parameter
    }
    given = {"parameterValues": values, "artifacts": {name: {"artifacts": found} for name, found in artifacts.items()}}
    taken = {"parameters": made, "artifacts": stored, "outputFile": answer}
    document = {"inputs": _filled(given), "outputs": _filled(taken)}
    return json.dumps(_filled(document), ensure_ascii=False, separators=(",", ":"))


def metadata_text(described_artifacts: list[dict[str, Any]], key: str | None) -> str:
    """The metadata of the first of some artifacts, or one entry of it, as text."""
    metadata = described_artifacts[0]["metadata"] if described_artifacts else {}
    return text_of_value(metadata if key is None else metadata.get(key))


def _runtime(name: str, type_: str, told_of: Told, metadata: Mapping[str, Any]) -> dict[str, Any]:
    title = type_ if "." in type_ else f"system.{type_ or ANY_ARTIFACT}"
    schema = {"schemaTitle": title, "schemaVersion": _VERSION}
    return {"name": name, "type": schema, "uri": told_of.uri, "metadata": dict(metadata)}


def _filled(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part not in ({}, "")}
