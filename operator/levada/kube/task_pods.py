"""Creating, adopting, stopping and letting go of task Pods: one request each, nothing decided."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from levada.api.base import API_VERSION
from levada.kube.client import Api, Json
from levada.kube.errors import ApiError
from levada.kube.resource import PODS, PartialObject
from levada.planner import reasons
from levada.planner.names import (
    ATTEMPT_ANNOTATION,
    RESULT_FINALIZER,
    RUN_LABEL,
    SPEC_ANNOTATION,
    TASK_ANNOTATION,
    pod_name,
)
from levada.planner.podview import PodView
from levada.planner.refusal import Refusal, refusal_of
from levada.planner.sighting import CLEAR_DEADLINE, STOP_DEADLINE

P = TypeVar("P", PodView, PartialObject)

_ATTEMPT = re.compile("[0-9]{1,9}")

FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
_INVALID = 422  # the answer to a patch with another UID


async def create(api: Api, pod: dict[str, Any]) -> PodView | Refusal:
    """Create the Pod; one of that name that we made ourselves is adopted, another's is never touched."""
    metadata = pod["metadata"]
    try:
        return await api.create_as(PodView, PODS, metadata["namespace"], pod)
    except ApiError as error:
        if error.status != CONFLICT:
            return refusal_of(error.status, error.message)
    existing = await find(api, metadata["namespace"], metadata["name"])
    if existing is None:
        return Refusal("ApiError", "a Pod of that name was there and is gone again")
    if is_ours(existing, metadata["ownerReferences"][0]["uid"], metadata["annotations"][SPEC_ANNOTATION]):
        return await label(api, existing, metadata["labels"][RUN_LABEL])
    return Refusal(reasons.NAME_TAKEN, f"another Pod called {metadata['name']} stands in the way", is_lasting=True)


def is_ours(pod: PodView, run_uid: str, spec_hash: str | None = None) -> bool:
    """Whether `pod` belongs to that run and, where a hash is given, carries the one that we wrote."""
    owners = {owner.uid for owner in pod.metadata.owner_references}
    return run_uid in owners and spec_hash in (None, pod.metadata.annotations.get(SPEC_ANNOTATION))


def run_of(pod: PodView | PartialObject) -> str | None:
    """The name of the run that owns `pod`; the label may say another, for anybody can change it."""
    owners = pod.metadata.owner_references
    runs = (owner.name for owner in owners if owner.kind == "PipelineRun" and owner.api_version == API_VERSION)
    return next(runs, None)


def attempt_of(pod: PodView) -> tuple[str, int]:
    """The task's path and the attempt that a Pod says it is; -1 where it says none that makes sense."""
    path, attempt = (pod.metadata.annotations.get(key, "") for key in (TASK_ANNOTATION, ATTEMPT_ANNOTATION))
    return path, int(attempt) if _ATTEMPT.fullmatch(attempt) else -1


def is_held(pod: PodView | PartialObject) -> bool:
    """Whether `pod` has our finalizer."""
    return RESULT_FINALIZER in pod.metadata.finalizers


def without_hold(pod: PodView) -> PodView:
    """`pod` without our finalizer."""
    finalizers = [name for name in pod.metadata.finalizers if name != RESULT_FINALIZER]
    return msgspec.structs.replace(pod, metadata=msgspec.structs.replace(pod.metadata, finalizers=finalizers))


def is_orphan(pod: PodView) -> bool:
    """Whether we made `pod` and it has lost its owner (`--cascade=orphan`), so that nobody else will remove it."""
    return not pod.metadata.owner_references and SPEC_ANNOTATION in pod.metadata.annotations


def is_named_by(pod: PodView, run: Json) -> bool:
    """Whether `pod` has the name that this very run gives: that tells whose it is where it has lost its owner."""
    metadata = run["metadata"]
    return pod.metadata.name == pod_name(metadata["name"], metadata["uid"], *attempt_of(pod))


def is_nobodys(pod: PodView, run: Json | None) -> bool:
    """Whether we made `pod`, it has lost its owner, and it is not `run`'s either, which is the one of that name now."""
    return is_orphan(pod) and not (run and is_named_by(pod, run))


async def label(api: Api, pod: P, run: str) -> P:
    """Give the Pod its run's label back where it was taken off: without it we hear nothing of the Pod."""
    if pod.metadata.labels.get(RUN_LABEL) == run:
        return pod
    patch = {"metadata": {"uid": pod.metadata.uid, "labels": {RUN_LABEL: run}}}
    try:
        return await api.patch_as(type(pod), PODS, pod.metadata.namespace, pod.metadata.name, patch)
    except ApiError as error:
        if error.status not in (NOT_FOUND, _INVALID):
            raise
        return pod


async def find(api: Api, namespace: str, name: str) -> PodView | None:
    """The Pod as it stands now, or None."""
    try:
        return await api.get_as(PodView, PODS, namespace, name)
    except ApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise


async def delete(api: Api, pod: PodView, grace: int | None = None) -> None:
    """Delete this very Pod; the short grace has to stand in the first call."""
    options: dict[str, Any] = {"preconditions": {"uid": pod.metadata.uid}}
    if grace is not None:
        options["gracePeriodSeconds"] = grace
    try:
        await api.delete(PODS, pod.metadata.namespace, pod.metadata.name, options)
    except ApiError as error:
        if error.status not in (NOT_FOUND, CONFLICT):
            raise


async def stop(api: Api, pod: PodView, grace: int) -> None:
    """End this Pod: one that has started by a deadline, which lets its agent report and keeps its log; else delete."""
    if pod.metadata.deletion_timestamp or pod.spec.active_deadline_seconds == STOP_DEADLINE:
        return
    if not any(status.state.running for status in pod.status.container_statuses):
        await delete(api, pod, grace)
        return
    await _end_within(api, pod, STOP_DEADLINE)


async def clear(api: Api, pod: PodView) -> None:
    """End what still runs beside a main container that has ended; its agent then stores what there is."""
    if not pod.metadata.deletion_timestamp and pod.spec.active_deadline_seconds not in (STOP_DEADLINE, CLEAR_DEADLINE):
        await _end_within(api, pod, CLEAR_DEADLINE)


async def _end_within(api: Api, pod: PodView, seconds: int) -> None:
    patch = {"metadata": {"uid": pod.metadata.uid}, "spec": {"activeDeadlineSeconds": seconds}}
    try:
        await api.patch(PODS, pod.metadata.namespace, pod.metadata.name, patch)
    except ApiError as error:
        if error.status not in (NOT_FOUND, CONFLICT, _INVALID):
            raise


async def release(api: Api, pod: PodView, pods: dict[str, PodView]) -> None:
    """Take our finalizer off, and only ours: a strategic patch of that entry leaves others' alone.

    What has become of it is kept in `pods`, unless the watch was faster.
    """
    name = pod.metadata.name
    patch = {"metadata": {"uid": pod.metadata.uid, "$deleteFromPrimitiveList/finalizers": [RESULT_FINALIZER]}}
    try:
        released = await api.patch_as(PodView, PODS, pod.metadata.namespace, name, patch, kind="strategic")
    except ApiError as error:
        if error.status not in (NOT_FOUND, CONFLICT, _INVALID):
            raise
        return
    if name in pods and is_held(pods[name]):
        pods[name] = released
