"""Kubeflow's policies for retries and caching as ours."""

import re

from levada.frontend.kfp import ir
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.policies import NO_RETRY, Cache, Retry

_DURATION = re.compile(r"(\d+)(?:\.\d*)?s")
_HOUR = 3600


def read_retry(policy: ir.RetryPolicy | None, place: Path, mistakes: Mistakes) -> Retry:
    """Further attempts; what the policy leaves open is as the SDK writes it."""
    if policy is None or not policy.max_retry_count:
        return NO_RETRY
    return Retry(
        limit=policy.max_retry_count,
        first=_seconds(policy.backoff_duration, 0, place / "backoffDuration", mistakes),
        factor=max(1.0, policy.backoff_factor or 2.0),
        longest=_seconds(policy.backoff_max_duration, _HOUR, place / "backoffMaxDuration", mistakes) or _HOUR,
    )


def read_cache(options: ir.Caching) -> Cache | None:
    """Earlier results are taken over where the document says so; with a `cacheKey` whatever the inputs are."""
    return Cache(key=options.cache_key or None) if options.enable_cache else None


def _seconds(text: str, default: int, place: Path, mistakes: Mistakes) -> int:
    if not text:
        return default
    match = _DURATION.fullmatch(text)
    if match is None:
        mistakes.add(place, f"{text!r} is no duration such as 60s")
        return default
    return int(match[1])
