"""Whether a failed attempt is followed by another, when, and with how much memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from levada.graph.policies import Retry
from levada.graph.quantities import bytes_of, quantity_of
from levada.planner import reasons
from levada.planner.attempt import Failure
from levada.planner.nodes import Leaf

_INFRA_FIRST, _INFRA_LONGEST = timedelta(seconds=2), timedelta(minutes=1)
"""First and longest wait after an infrastructure failure; it doubles each time."""
_JITTER = 0.2
"""By how much of itself a wait may be shorter, so that tasks which failed together do not come back together."""


def wait_before_next(leaf: Leaf, failure: Failure) -> timedelta | None:
    """How long to wait before the attempt after `failure`; None when there is none."""
    retry = leaf.task.retry
    if reasons.is_infrastructure(failure.reason):
        if leaf.infra_failures >= reasons.further_attempts(failure.reason, retry.infra_limit):
            return None
        return min(_INFRA_FIRST * int(2 ** min(leaf.infra_failures, 16)), _INFRA_LONGEST)
    own = leaf.attempt - leaf.infra_failures
    if own >= retry.limit or not _is_tried_again(retry, failure):
        return None
    seconds = min(retry.first * retry.factor ** min(own, 64), float(retry.longest))
    return timedelta(seconds=seconds * (1 - _JITTER * _fraction(f"{leaf.path}#{leaf.attempt}")))


def template_of(leaf: Leaf) -> Mapping[str, Any]:
    """The task's `podTemplate`, with more memory for an attempt that follows others that ran out of it."""
    template = leaf.options if leaf.task.bound_pod else leaf.task.pod
    more = leaf.task.retry.memory
    if more is None or not leaf.oom_kills:
        return template
    resources = template.get("resources") or leaf.component.resources
    factor = more.factor ** min(leaf.oom_kills, 64)
    return {**template, "resources": {name: _grown(item, factor, more.most) for name, item in resources.items()}}


def _grown(amounts: Any, factor: float, most: int) -> Any:
    if not isinstance(amounts, Mapping) or "memory" not in amounts:
        return amounts
    now = bytes_of(amounts["memory"])
    return {**amounts, "memory": quantity_of(max(now, min(int(now * factor), most)))}


def _is_tried_again(retry: Retry, failure: Failure) -> bool:
    if failure.reason not in retry.reasons:
        return False
    return failure.reason != reasons.ERROR or retry.exit_codes is None or failure.exit_code in retry.exit_codes


def _fraction(text: str) -> float:
    """A number in [0, 1) that `text` alone decides."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
