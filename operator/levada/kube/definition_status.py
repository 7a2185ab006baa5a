"""The status of Components and Pipelines: whether what they say makes sense and what they refer to exists."""

from __future__ import annotations

from typing import Any

from levada.frontend.native import definition_digest, references, validate_component, validate_pipeline
from levada.kube.active_run import utc_now
from levada.kube.client import Json
from levada.kube.definition import MissingReferencesError, gather
from levada.kube.errors import ApiError
from levada.kube.resource import COMPONENTS, PIPELINES
from levada.kube.runtime import Runtime
from levada.kube.task_pods import CONFLICT, NOT_FOUND
from levada.planner import reasons
from levada.planner.status import Standing, condition

_WAIT = 15.0


async def reconcile_definition(runtime: Runtime, kind: str, namespace: str, name: str) -> float | None:
    """Check one of the `pipelines` or `components` and write what was found, if it is news."""
    resource = PIPELINES if kind == PIPELINES.plural else COMPONENTS
    try:
        found = await runtime.api.get(resource, namespace, name)
    except ApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    if found["metadata"].get("deletionTimestamp"):
        return None
    verdict, truth = await _check(runtime, resource is PIPELINES, found)
    status = _status(found, verdict, truth)
    if status != found.get("status"):
        metadata = {key: found["metadata"][key] for key in ("resourceVersion", "uid")}
        body = {"metadata": metadata, "status": status}
        try:
            await runtime.api.patch(resource, namespace, name, body, subresource="status")
        except ApiError as error:
            if error.status not in (CONFLICT, NOT_FOUND):
                raise
            return 0.1
    return _WAIT if verdict.reason == reasons.WAITING_FOR_REFERENCE else None


async def _check(runtime: Runtime, is_pipeline: bool, found: Json) -> tuple[Standing, str]:  # noqa: FBT001
    spec = found["spec"]
    if not is_pipeline:
        mistakes = validate_component(spec)
    else:
        try:
            wanted = {"pipelineSpec": {"tasks": [{"componentRef": {"name": name}} for name in references(spec)]}}
            definition = await gather(runtime.api, found["metadata"]["namespace"], wanted)
        except MissingReferencesError as missing:
            message = f"does not exist yet: {', '.join(missing.names)}"
            return Standing("", reasons.WAITING_FOR_REFERENCE, message), "False"
        mistakes = validate_pipeline(spec, definition.components)
    if mistakes:
        return Standing("", reasons.INVALID_SPEC, "\n".join(str(mistake) for mistake in mistakes)), "False"
    return Standing("", "Valid", "everything it says makes sense"), "True"


def _status(found: Json, verdict: Standing, truth: str) -> dict[str, Any]:
    generation = found["metadata"]["generation"]
    previous = found.get("status", {}).get("conditions", [])
    ready = condition("Ready", truth, verdict, previous, generation, utc_now())
    return {"observedGeneration": generation, "digest": definition_digest(found["spec"]), "conditions": [ready]}
