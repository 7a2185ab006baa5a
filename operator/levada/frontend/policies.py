"""Reads what holds for a task besides its inputs. The schema has seen what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from levada.api.fields import seconds
from levada.api.policies import Cache as CacheSpec
from levada.api.policies import Retry as RetrySpec
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.shape import mapping
from levada.graph.model import Approval
from levada.graph.policies import NO_RETRY, Cache, MoreMemory, Retry
from levada.graph.quantities import bytes_of

_OF_ITS_TASKS = "a nested pipeline has no {field} of its own: give it to its tasks"
_OF_THE_RUN = "{field} holds for a whole run: give it to the run or to its own pipeline, not to a nested one"
_MISPLACED = {
    "approval": {
        "forEach": "an approval is not repeated: put it into a nested pipeline and repeat that",
        "retry": "an approval is not tried again",
        "timeout": "the timeout of an approval stands within it: approval: {{timeout: ...}}",
        "podTemplate": "an approval has no Pod",
        "cache": "an approval has nothing to cache",
    },
    "importer": {
        "retry": "an importer is not tried again",
        "timeout": "an importer takes no time",
        "podTemplate": "an importer has no Pod",
        "cache": "an importer has nothing to cache",
    },
    "pipelineRef": {"retry": _OF_ITS_TASKS, "timeout": _OF_ITS_TASKS},
    "pipelineSpec": {"retry": _OF_ITS_TASKS, "timeout": _OF_ITS_TASKS},
}
"""What does not go with what a task runs, and the cure."""


def read_retry(raw: Any) -> Retry:
    """The `retry` of a task; one that is wrong or not there asks for nothing."""
    try:
        spec = RetrySpec.model_validate(raw)
    except ValidationError:
        return NO_RETRY
    memory = spec.escalate.memory if spec.escalate else None
    return Retry(
        limit=spec.limit,
        reasons=NO_RETRY.reasons if spec.reasons is None else frozenset(spec.reasons),
        exit_codes=None if spec.exit_codes is None else frozenset(spec.exit_codes),
        first=seconds(spec.backoff.initial),
        factor=spec.backoff.factor,
        longest=seconds(spec.backoff.max),
        infra_limit=spec.infra_limit,
        memory=MoreMemory(memory.factor, bytes_of(memory.max)) if memory else None,
    )


def read_timeout(raw: Any) -> int | None:
    """A `timeout` in seconds; None where there is none."""
    return seconds(raw) if isinstance(raw, str) else None


def read_cache(raw: Any, around: Cache | None) -> Cache | None:
    """The `cache` that holds where one is given or, `raw` being None, where the one `around` it counts."""
    if raw is None:
        return around
    try:
        spec = CacheSpec.model_validate(raw)
    except ValidationError:
        return None
    staleness = None if spec.max_staleness is None else seconds(spec.max_staleness)
    return Cache(staleness, spec.salt, spec.single_flight, spec.disabled, spec.key)


def read_approval(raw: Any) -> Approval:
    """The gate that an `approval` describes."""
    raw = mapping(raw)
    return Approval(str(raw.get("message", "")), read_timeout(raw.get("timeout")))


def check_placement(raw: Mapping[str, Any], path: Path, mistakes: Mistakes) -> None:
    """Refuse what would be said in vain of a task that is no container."""
    for body, misplaced in _MISPLACED.items():
        for field, cure in misplaced.items() if body in raw else ():
            if field in raw:
                mistakes.add(path / field, cure.format(field=field))
    nested = raw.get("pipelineSpec")
    for field in ("timeout", "failFast", "parallelism", "historyLimit"):
        if isinstance(nested, dict) and field in nested:
            mistakes.add(path / "pipelineSpec" / field, _OF_THE_RUN.format(field=field))
