"""Reads what a task does when an attempt goes wrong. The schema has seen what is wrong with it."""

from typing import Any

from pydantic import ValidationError

from levada.api.fields import seconds
from levada.api.policies import Retry as RetrySpec
from levada.graph.policies import NO_RETRY, MoreMemory, Retry
from levada.graph.quantities import bytes_of


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
