"""What Prometheus reads. No label grows with the number of runs."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

# Creation times double the number of series and nobody reads them.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

RUNS = Gauge("levada_runs", "PipelineRuns by phase.", ["phase"], registry=REGISTRY)
TASKS = Gauge("levada_tasks", "Tasks of unfinished runs by phase.", ["phase"], registry=REGISTRY)
LEADER = Gauge("levada_leader", "1 while this replica holds the lease.", registry=REGISTRY)
RECONCILE_SECONDS = Histogram(
    "levada_reconcile_seconds",
    "Time spent on one reconciliation.",
    ["result"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
RECONCILE_ERRORS = Counter(
    "levada_reconcile_errors",
    "Reconciliations that failed for the object's own sake, by kind; it is Stalled until one succeeds.",
    ["kind"],
    registry=REGISTRY,
)
QUEUE_DEPTH = Gauge("levada_queue_depth", "Keys that wait for a worker.", registry=REGISTRY)
QUEUE_AGE = Gauge("levada_queue_oldest_seconds", "How long the oldest waiting key has waited.", registry=REGISTRY)
API_REQUESTS = Counter(
    "levada_api_requests",
    "Requests to the API server by verb and class of answer (2xx, 4xx, 5xx, unreachable).",
    ["verb", "code"],
    registry=REGISTRY,
)
WATCH_RESTARTS = Counter(
    "levada_watch_restarts",
    "Watch streams that ended, by kind and cause (closed, expired, silent, error).",
    ["kind", "cause"],
    registry=REGISTRY,
)
REMOVED = Counter(
    "levada_removed",
    "What was removed after its time: runs, Pods and folders of the store.",
    ["kind"],
    registry=REGISTRY,
)
EVENTS_DROPPED = Counter("levada_events_dropped", "Kubernetes Events that were given up.", registry=REGISTRY)


def count_by_phase(gauge: Gauge, phases: Iterable[str], counts: Callable[[], Mapping[str, int]]) -> None:
    """Have a gauge labelled by phase counted whenever it is read.

    Parameters
    ----------
    gauge
        `RUNS` or `TASKS`.
    phases
        All that there are.
    counts
        Says how many there are in each.
    """
    for phase in phases:
        gauge.labels(phase).set_function(partial(_count, counts, phase))


def _count(counts: Callable[[], Mapping[str, int]], phase: str) -> int:
    return counts().get(phase, 0)
