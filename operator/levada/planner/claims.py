"""The PersistentVolumeClaims that a run makes and removes: their names, and what they look like.

Kubeflow's rules: a claim has the name that is given, or one of its own with a suffix that is given; it outlives the
run, except for the workspace. An empty storage class is for volumes that are there already.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from levada.graph.model import ABSENT, Datum
from levada.graph.types import as_text
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.names import GROUP, RUN_LABEL, TASK_ANNOTATION, owner_of
from levada.planner.nodes import Order

MAKER_ANNOTATION = f"{GROUP}/run-uid"
_LONGEST = 253
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def claim_name(order: Order, run_uid: str) -> str | Failure:
    """The name of the claim that `order` is about; the same however often it is asked."""
    given = _given(order.inputs)
    name, suffix = given.get("pvc_name"), given.get("pvc_name_suffix")
    if order.claim.deed == "create" and bool(name) == bool(suffix):
        return Failure(reasons.INVALID_CLAIM, "give exactly one of pvc_name and pvc_name_suffix")
    if order.claim.deed == "delete" and not name:
        return Failure(reasons.INVALID_CLAIM, "pvc_name is missing or empty: say which claim to delete")
    full = str(name) if name else f"{uuid.uuid5(uuid.NAMESPACE_OID, f'{run_uid}/{order.path}')}{suffix}"
    if not _NAME.fullmatch(full) or len(full) > _LONGEST:
        allowed = "lower-case letters, digits, '-' and '.', with a letter or digit at both ends"
        return Failure(reasons.INVALID_CLAIM, f"{full!r} is no name for a PersistentVolumeClaim: it may have {allowed}")
    return full


def claim_manifest(order: Order, name: str, run: str, run_uid: str) -> dict[str, Any]:
    """The claim as it is to be created: it names the run and the task that made it."""
    given = _given(order.inputs)
    extra = {key: as_text(value) for key, value in (given.get("annotations") or {}).items()}
    spec: dict[str, Any] = {
        "accessModes": given.get("access_modes", []),
        "resources": {"requests": {"storage": given.get("size", "")}},
    }
    if "storage_class_name" in given:
        spec["storageClassName"] = given["storage_class_name"]
    if given.get("volume_name"):
        spec["volumeName"] = given["volume_name"]
    if given.get("data_source"):
        spec["dataSource"] = given["data_source"]
    metadata: dict[str, Any] = {
        "name": name,
        "labels": {RUN_LABEL: run},
        "annotations": {**extra, MAKER_ANNOTATION: run_uid, TASK_ANNOTATION: order.path},
    }
    if order.claim.is_owned:
        metadata["ownerReferences"] = [owner_of(run, run_uid)]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def mounted_claims(template: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What the containers of Pods with these options are given of claims: each claim's source and its mount."""
    claims = {volume["name"]: volume.get("persistentVolumeClaim") for volume in template.get("volumes", [])}
    for mount in template.get("volumeMounts", []):
        if claim := claims.get(mount["name"]):
            yield claim, mount


def missing(name: str) -> Failure:
    """What it means that a claim to remove is not there."""
    return Failure(reasons.CLAIM_MISSING, f"there is no PersistentVolumeClaim {name!r} to delete")


def foreign(name: str) -> Failure:
    """The failure of a task that is to remove a claim which no run has made: others' data may be in it."""
    return Failure(
        reasons.NAME_NOT_ALLOWED,
        f"the PersistentVolumeClaim {name!r} was not made by a run, and a run removes no other: delete it with kubectl",
    )


def taken(name: str) -> Failure:
    """What it means that another claim of that name is there already."""
    cure = "give it another name, or use pvc_name_suffix"
    return Failure(reasons.NAME_TAKEN, f"another PersistentVolumeClaim {name!r} is there already: {cure}")


def _given(inputs: Mapping[str, Datum]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value is not ABSENT and value is not None}
