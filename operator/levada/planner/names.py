"""Names that are the same whoever makes them, so that nothing can be made twice."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

GROUP = "levada.dev"
RUN_LABEL = f"{GROUP}/run"
TASK_ANNOTATION = f"{GROUP}/task"
ATTEMPT_ANNOTATION = f"{GROUP}/attempt"
SPEC_ANNOTATION = f"{GROUP}/spec-hash"
VALUES_ANNOTATION = f"{GROUP}/value-"
STARTED_ANNOTATION = f"{GROUP}/started-uid"
KEPT_ANNOTATION = f"{GROUP}/kept-for-gitops"
RESULT_FINALIZER = f"{GROUP}/result"
STORE_OBJECT = "levada-store"

_POD_NAME = 63  # longer ones are cut in the Pod's host name
_HASH = 10
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Key(NamedTuple):
    """What tells a run from others, or a Pipeline."""

    namespace: str
    name: str


def pod_name(run: str, run_uid: str, path: str, attempt: int) -> str:
    """The name of an attempt's Pod: readable in front, unique by its hash (the run's UID is in it)."""
    tail = f"{attempt}-{_hash(f'{run_uid}/{path}/{attempt}')}"
    room = _POD_NAME - len(tail) - 2
    task = _label(path)[: max(room // 2, room - len(run))].strip("-")
    front = run[: room - len(task)].strip("-.")
    return "-".join(part for part in (front, task, tail) if part)


def graph_name(run: str) -> str:
    """The name of the ConfigMap that holds a run's frozen definition."""
    return f"{run}-graph"


def outputs_name(run: str, shard: int) -> str:
    """The name of one of the ConfigMaps that hold a run's bulky records."""
    return f"{run}-outputs-{shard}"


def digest_of(document: Any) -> str:
    """`sha256:<hex>` over canonical JSON."""
    return text_digest(_CANONICAL.encode(document))


def text_digest(text: str) -> str:
    """`sha256:<hex>` over a text in UTF-8."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@lru_cache
def slugs(names: tuple[str, ...]) -> Mapping[str, str]:
    """A folder name for each input or output name, which may hold spaces and any letter.

    The tasks of a loop have the same names: they are worked out once.
    """
    taken: dict[str, str] = {}
    for name in names:
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "data"
        candidates = itertools.chain([slug], (f"{slug}-{number}" for number in itertools.count(1)))
        taken[name] = next(candidate for candidate in candidates if candidate not in taken.values())
    return MappingProxyType(taken)


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _hash(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:_HASH]


def owner_of(run: str, run_uid: str) -> dict[str, Any]:
    """The reference by which what a run makes belongs to its object, and goes with it."""
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "PipelineRun",
        "name": run,
        "uid": run_uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }
