"""The scenarios, and what each should cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench import workload
from bench.results import Budget, at_least_ideal, at_most, at_most_ideal
from bench.workload import Workload

_STATUS = {"status_writes_per_second": at_most(6)}
_LARGE = {
    "cpu_ms_per_task": at_most(2),
    # Two for each task; what a run costs once is shared by its tasks.
    "writes_per_task": at_most(2.05),
    "peak_rss_mb": at_most(150),
    "status_lag_s": at_most(1),
}


@dataclass(frozen=True)
class Scenario:
    """A workload that both sides do, and budgets by metric."""

    workload: Workload
    budgets: Mapping[str, Budget] = field(default_factory=dict)


_FAN = _LARGE | _STATUS | {"tasks_per_second": at_least_ideal(0.9)}
_ALL = (
    Scenario(workload.chain(100), _STATUS | {"ms_per_step": at_most_ideal(1.3)}),
    Scenario(workload.fan(1000), _FAN),
    Scenario(workload.fan(5000), _FAN),
    Scenario(workload.staggered(1000), _LARGE | _STATUS | {"makespan_s": at_most_ideal(1.05)}),
    Scenario(workload.runs(100, 10), {"tasks_per_second": at_least_ideal(0.85)}),
    Scenario(workload.layered(1000), _LARGE | _STATUS | {"tasks_per_second": at_least_ideal(0.85)}),
    Scenario(workload.loop(5000), _LARGE | _STATUS),
    Scenario(workload.wide(10_000), _LARGE | _STATUS | {"object_kb": at_most(400)}),
)
SCENARIOS: Mapping[str, Scenario] = {scenario.workload.name: scenario for scenario in _ALL}
