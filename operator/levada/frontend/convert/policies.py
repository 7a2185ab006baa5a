"""What holds for a task besides its inputs, as people write it."""

from typing import Any

from levada.graph.model import Task
from levada.graph.policies import NO_RETRY, Cache, Retry

Spec = dict[str, Any]


def policies_spec(task: Task, shared: Cache | None) -> Spec:
    """What is said of a task, where `shared` is said of all tasks that run containers."""
    spec: Spec = {}
    if task.retry != NO_RETRY:
        spec["retry"] = _retry(task.retry)
    if task.timeout is not None:
        spec["timeout"] = duration(task.timeout)
    if task.is_tolerated:
        spec["onFailure"] = "Continue"
    if task.cache is not None and task.cache != shared:
        spec["cache"] = cache_spec(task.cache)
    return spec | {"podTemplate": dict(task.pod)} if task.pod else spec


def _retry(retry: Retry) -> Spec:
    """The `retry` that is read as `retry`, as far as Kubeflow's policies go."""
    backoff: Spec = {}
    if retry.first != NO_RETRY.first:
        backoff["initial"] = duration(retry.first)
    if retry.factor != NO_RETRY.factor:
        backoff["factor"] = retry.factor
    if retry.longest != NO_RETRY.longest:
        backoff["max"] = duration(retry.longest)
    return {"limit": retry.limit} | ({"backoff": backoff} if backoff else {})


def cache_spec(cache: Cache) -> Spec:
    """The `cache` that is read as `cache`, as far as Kubeflow's options go."""
    return {} if cache.key is None else {"key": cache.key}


def duration(seconds: int) -> str:
    """`1h` for 3600."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
