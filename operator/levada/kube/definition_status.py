"""The status of Components and Pipelines: whether what they say makes sense and what they refer to exists."""

from __future__ import annotations

from typing import Any

from levada.frontend.mistakes import Mistake
from levada.frontend.native import definition_digest, validate_component, validate_pipeline
from levada.frontend.references import references
from levada.kube.client import Json
from levada.kube.clock import utc_now
from levada.kube.definition import MissingReferencesError, gather
from levada.kube.errors import ApiError
from levada.kube.record import StaleObjectError, patch_status
from levada.kube.resource import COMPONENTS, PIPELINES, Resource
from levada.kube.runtime import Runtime
from levada.kube.task_pods import NOT_FOUND
from levada.planner import reasons
from levada.planner.status import Standing, condition

_WAIT = 15.0
_VALID = "Valid"


class Definitions:
    """Checks Components and Pipelines; a Pipeline also when something that it uses has come, changed or gone."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._uses: dict[tuple[str, str], set[tuple[str, str]]] = {}
        self._written: dict[tuple[str, str, str], str] = {}

    def knows(self, kind: str, namespace: str, name: str, version: str) -> bool:
        """Whether that version of the object is what we made of it: an event that tells it is no news."""
        return bool(version) and self._written.get((kind, namespace, name)) == version

    async def reconcile(self, kind: str, namespace: str, name: str) -> float | None:
        """Check one of the `pipelines` or `components` and write what was found, if it is news."""
        resource = PIPELINES if kind == PIPELINES.plural else COMPONENTS
        found = await self._get(resource, namespace, name)
        is_pipeline = resource is PIPELINES
        if found is None:
            self._written.pop((kind, namespace, name), None)
            if is_pipeline:
                self._uses.pop((namespace, name), None)
            self._wake_users(resource, namespace, name)
            return None
        verdict = await self._check(found) if is_pipeline else _verdict(validate_component(found["spec"]))
        status = status_of(found, verdict)
        if status != found.get("status"):
            try:
                written = await patch_status(self._runtime.api, resource, found, status)
            except StaleObjectError:
                return 0.1
            self._written[kind, namespace, name] = written["metadata"]["resourceVersion"]
            self._wake_users(resource, namespace, name)
        return _WAIT if verdict.reason == reasons.WAITING_FOR_REFERENCE else None

    async def _check(self, found: Json) -> Standing:
        """Check a Pipeline, and note all that it uses, through other Pipelines too."""
        spec, namespace, name = found["spec"], found["metadata"]["namespace"], found["metadata"]["name"]
        # Before it is read: what changes meanwhile has it read again.
        self._uses.setdefault((namespace, name), set()).update(references(spec, {}))
        try:
            definition = await gather(self._runtime.api, namespace, spec)
        except MissingReferencesError as missing:
            self._uses[namespace, name] = missing.references
            return Standing("", reasons.WAITING_FOR_REFERENCE, f"does not exist yet: {', '.join(missing.names)}")
        known = {"Pipeline": definition.pipelines, "Component": definition.components}
        self._uses[namespace, name] = references(spec, known)
        return _verdict(validate_pipeline(name, spec, definition.pipelines, definition.components))

    def _wake_users(self, resource: Resource, namespace: str, name: str) -> None:
        kind = "Pipeline" if resource is PIPELINES else "Component"
        for (where, pipeline), used in self._uses.items():
            if where == namespace and (kind, name) in used:
                self._runtime.enqueue(PIPELINES.plural, namespace, pipeline, 0)

    async def _get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """The object, unless it is gone or going."""
        try:
            found = await self._runtime.api.get(resource, namespace, name)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return None if found["metadata"].get("deletionTimestamp") else found


def _verdict(mistakes: list[Mistake]) -> Standing:
    if mistakes:
        return Standing("", reasons.INVALID_SPEC, "\n".join(str(mistake) for mistake in mistakes))
    return Standing("", _VALID, "everything it says makes sense")


_TRUTH = {  # reason: Ready, Reconciling, Stalled
    _VALID: ("True", "False", "False"),
    reasons.WAITING_FOR_REFERENCE: ("False", "True", "False"),
    reasons.INVALID_SPEC: ("False", "False", "True"),
    reasons.RECONCILE_FAILED: ("False", "False", "True"),
}


def status_of(found: Json, verdict: Standing) -> dict[str, Any]:
    """The status of a Component or Pipeline of which that was found."""
    generation = found["metadata"]["generation"]
    previous = found.get("status", {}).get("conditions", [])
    now = utc_now()
    conditions = [
        condition(type_, truth, verdict, previous, generation, now)
        for type_, truth in zip(("Ready", "Reconciling", "Stalled"), _TRUTH[verdict.reason], strict=True)
    ]
    digest = {"digest": definition_digest(found["spec"])} if "spec" in found else {}
    return {"observedGeneration": generation, **digest, "conditions": conditions}
