"""From what each side took to what is judged: metric by metric, and a large run beside a small one."""

import statistics
from collections.abc import Mapping, Sequence

from bench.results import Result, at_most
from bench.scenarios import Scenario
from bench.sides import SIDES

_CPU = "cpu_ms_per_task"
_SMALL, _LARGE = "fan-1000", "run-10000"


def compare(scenario: Scenario, taken: Mapping[str, Sequence[Mapping[str, float]]]) -> list[Result]:
    """One result for each metric, of all repetitions of each side; a side has no figures of what it was not asked."""
    of = [taken.get(name, []) for name in SIDES]
    names = next(metrics for side in of for metrics in side)
    return [
        Result(
            scenario.workload.name,
            metric,
            *([metrics[metric] for metrics in side if metric in metrics] for side in of),
            budget=scenario.budgets.get(metric),
        )
        for metric in names
    ]


def growth(found: Sequence[Result]) -> list[Result]:
    """How many times the CPU of a small run's task one of a large run takes, where both were measured now.

    Yesterday's machine was another: what is known of it is not compared.
    """
    cpu = {each.scenario: each for each in found if each.metric == _CPU}
    if not {_SMALL, _LARGE} <= cpu.keys():
        return []
    small, large = cpu[_SMALL], cpu[_LARGE]
    sides = (_times(getattr(small, name), getattr(large, name)) for name in SIDES)
    return [Result(_LARGE, f"cpu_to_{_SMALL}", *sides, budget=at_most(1.2))]


def _times(small: Sequence[float], large: Sequence[float]) -> list[float]:
    """Each of the large ones, in terms of the small ones' median."""
    return [each / statistics.median(small) for each in large] if small else []
