"""What a run takes over from an earlier one, read from what is kept of that."""

from __future__ import annotations

from datetime import datetime

from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistakes
from levada.frontend.native import build_run
from levada.kube.client import Api, Json
from levada.kube.clock import utc_now
from levada.kube.definition import FrozenElsewhereError, MissingReferencesError, RecordLostError, thaw
from levada.kube.errors import ApiError
from levada.kube.kept import UnreadableError, rows_of
from levada.kube.record import Record
from levada.kube.resource import PIPELINE_RUNS
from levada.kube.task_pods import NOT_FOUND
from levada.planner.encoding import timestamp
from levada.planner.flow.rerun import NOTHING, Results, results_of
from levada.planner.run import Run


async def check_earlier(api: Api, run: Json) -> None:
    """See that the run which `rerunOf` names, if it does, is there and over.

    Raises
    ------
    MissingReferencesError
        It does not exist (yet).
    InvalidSpecError
        It is not over.
    """
    name = _earlier_name(run)
    if name is None:
        return
    earlier = await _find(api, run["metadata"]["namespace"], name)
    if earlier is None:
        raise MissingReferencesError([("PipelineRun", name)], {("PipelineRun", name)})
    if earlier.get("status", {}).get("phase") not in ("Succeeded", "Failed", "Cancelled"):
        mistakes = Mistakes()
        mistakes.add(SPEC / "rerunOf" / "name", f"the run {name!r} is still running; wait or cancel it, then rerun it")
        raise InvalidSpecError(mistakes)


async def earlier_results(api: Api, run: Json) -> Results:
    """What there is to be taken over; nothing where the earlier run, or a part of its record, is gone or unreadable."""
    name = _earlier_name(run)
    earlier = await _find(api, run["metadata"]["namespace"], name) if name else None
    if not name or earlier is None or not earlier.get("status", {}).get("startTime"):
        return NOTHING
    metadata, started = earlier["metadata"], datetime.fromisoformat(earlier["status"]["startTime"])
    facts = {key: metadata[key] for key in ("name", "namespace", "uid")} | {"startTime": timestamp(started)}
    try:
        definition = await thaw(api, earlier)
        graph, inputs = build_run(definition.run, definition.pipelines, definition.components)
        restored = Run(graph, inputs, started=started, facts=facts, recorded=rows_of(earlier["status"]))
        await Record(api, earlier, started).restore(restored, utc_now())
    except (RecordLostError, FrozenElsewhereError, InvalidSpecError, UnreadableError):
        return NOTHING
    return results_of(name, restored)


def _earlier_name(run: Json) -> str | None:
    name: str | None = (run["spec"].get("rerunOf") or {}).get("name")
    return name


async def _find(api: Api, namespace: str, name: str) -> Json | None:
    try:
        return await api.get(PIPELINE_RUNS, namespace, name)
    except ApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise
