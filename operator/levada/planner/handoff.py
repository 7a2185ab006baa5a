"""What the operator and the agent of one attempt say to each other.

The operator writes an `Assignment` into the agent container's environment (`LEVADA_ASSIGNMENT`, JSON). The agent
answers with a `Report` in its termination message: at most 1 KiB, closed by a checksum, because the kubelet cuts
messages when a Pod has many containers. What does not fit stands in the attempt's manifest in the store, which the
report then names by digest.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

REPORT_LIMIT = 1024
"""Bytes of a termination message that survive whatever else the Pod carries."""

NOTHING = "nothing"
"""Stands for the digest of an artifact that its task was to make and did not: there is nothing to bring."""

MANIFEST = "manifest.json"
"""Name of the object, below an attempt's root, that lists its outputs; it is written last."""


class StageInput(msgspec.Struct, frozen=True, omit_defaults=True):
    """One input to put at `path` before the main container starts.

    Attributes
    ----------
    name
        The component's input, for messages.
    path
        Absolute path in the Pod: a file, or a folder when `uri` holds several objects.
    uri
        Where the content stands in the store.
    digest
        `sha256:<hex>` of the content, which must match; None for an external URI seen for the first time.
    """

    name: str
    path: str
    uri: str
    digest: str | None = None


class CollectOutput(msgspec.Struct, frozen=True, omit_defaults=True):
    """One output to take after the main container ended.

    Attributes
    ----------
    name
        The component's output.
    type
        The canonical parameter type (`String`, `Integer`, ...) or the artifact's type.
    parameter
        Whether the output is a small value rather than an artifact.
    path
        Where the main container writes it; the folder exists before the container starts. An artifact may have a
        `metadata.json` (one JSON object) beside it.
    uri
        Set for `{outputUri: ...}`: the task writes there itself and the digest is taken by listing.
    told
        Set for executors of Kubeflow's: as which URI they know it. Then it need not be made, and their answer counts.
    """

    name: str
    type: str
    parameter: bool = False
    path: str | None = None
    uri: str | None = None
    told: str | None = None


class Assignment(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the agent of one attempt has to do.

    Attributes
    ----------
    root
        The attempt's folder in the store (a URI).
    answer
        The path of the file in which an executor of Kubeflow's says what it made.
    grace
        Seconds that the kubelet gives it once the main container has ended.
    """

    root: str
    stage: list[StageInput] = []
    collect: list[CollectOutput] = []
    answer: str | None = None
    grace: int = 120


class ArtifactRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An artifact as consumers, the status and the manifest know it.

    Attributes
    ----------
    digest
        NOTHING where there is none, None where nobody has looked.
    size, files
        Its bytes, and how many files it has.
    """

    uri: str
    digest: str | None
    type: str
    metadata: dict[str, Any] = {}
    size: int = 0
    files: int = 1


class OutputRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """Exactly one of a parameter's value (as text, see `graph.types`) and an artifact."""

    text: str | None = None
    artifact: ArtifactRecord | None = None


class Manifest(msgspec.Struct, frozen=True):
    """All outputs of one attempt, by name."""

    outputs: dict[str, OutputRecord]


class AgentError(msgspec.Struct, frozen=True):
    """Why the agent could not do its work; `planner.reasons` says whose failure each reason is."""

    reason: str
    message: str


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """The agent's last word: `outputs` where they fit, else `manifest` alone (its digest), or an `error`."""

    manifest: str | None = None
    outputs: dict[str, OutputRecord] | None = None
    error: AgentError | None = None


def encode_report(report: Report) -> bytes:
    """The termination message for `report`, cut down step by step until it fits into `REPORT_LIMIT` bytes."""
    message = _seal(msgspec.json.encode(report))
    if len(message) <= REPORT_LIMIT:
        return message
    if report.error is not None:
        keep = REPORT_LIMIT // 2
        while True:
            shorter = AgentError(report.error.reason, report.error.message[:keep] + " (cut)")
            message = _seal(msgspec.json.encode(Report(error=shorter)))
            if len(message) <= REPORT_LIMIT:
                return message
            keep //= 2
    return _seal(msgspec.json.encode(Report(manifest=report.manifest)))


def decode_report(message: str) -> Report | None:
    """The report in a termination message, or None when it is absent, cut short or not ours."""
    body, _, checksum = message.rstrip().rpartition("\n")
    if not body or checksum != _checksum(body.encode()):
        return None
    try:
        return msgspec.json.decode(body, type=Report)
    except msgspec.DecodeError:
        return None


def _seal(body: bytes) -> bytes:
    return body + b"\n" + _checksum(body).encode()


def _checksum(body: bytes) -> str:
    return f"crc32:{zlib.crc32(body):08x}"
