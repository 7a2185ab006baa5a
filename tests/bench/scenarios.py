"""The scenarios, and what each should cost."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bench import finished, transfer, workload
from bench.results import Budget, Result, at_least_ideal, at_most, at_most_ideal
from bench.transfer import Transfer
from bench.workload import Workload

_CPU = {"cpu_ms_per_task": at_most(2)}
_STATUS = {"status_writes_per_second": at_most(6)}
_LARGE = {
    # Two for each task; what a run costs once is shared by its tasks.
    "writes_per_task": at_most(2.05),
    "peak_rss_mb": at_most(150),
    "status_lag_s": at_most(1),
}


@dataclass(frozen=True)
class Scenario:
    """A workload that both sides do, and budgets by metric."""

    workload: Workload
    budgets: Mapping[str, Budget]


def _without(budgets: Mapping[str, Budget], metric: str) -> dict[str, Budget]:
    return {name: budget for name, budget in budgets.items() if name != metric}


_FAN = _LARGE | _STATUS | {"tasks_per_second": at_least_ideal(0.9)}
_ALL = (
    (workload.chain(100), _STATUS | {"ms_per_step": at_most_ideal(1.3)}),
    (workload.fan(1000), _FAN),
    (workload.fan(5000), _FAN),
    (workload.staggered(1000), _LARGE | _STATUS | {"makespan_s": at_most_ideal(1.05)}),
    (workload.runs(100, 10), {"tasks_per_second": at_least_ideal(0.85)}),
    (workload.layered(1000), _LARGE | _STATUS | {"tasks_per_second": at_least_ideal(0.85)}),
    (workload.loop(5000), _LARGE | _STATUS),
    # The memory is that of 5,000 Pods.
    (workload.wide(10_000), _without(_LARGE, "peak_rss_mb") | _STATUS | {"object_kb": at_most(400)}),
    (workload.cached(1000), _STATUS | {"status_lag_s": at_most(1)}),
)
SCENARIOS: Mapping[str, Scenario] = {work.name: Scenario(work, _CPU | budgets) for work, budgets in _ALL}
"""A task's CPU is judged in each."""

OTHERS: Mapping[str, Callable[[int], Awaitable[list[Result]]]] = {
    "startup-5000": partial(finished.startup, 5000),
    "idle-1000": partial(finished.idle, 1000),
    "agent-1gib": partial(transfer.measure, Transfer("agent-1gib", 1, 1 << 30)),
    "agent-10000-files": partial(transfer.measure, Transfer("agent-10000-files", 10_000, 4096)),
}
"""Those without a workload: told how often, each finds its own results."""
