"""Plays a whole run without a cluster: what each attempt does is decided by a function of its path, inputs and number.

Nothing is in the cache.
Time stands still while anything runs and jumps to the next moment that the plan names when nothing does.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from levada.planner.attempt import Outcome, Running, Success
from levada.planner.flow.cache import Miss
from levada.planner.run import Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Act = Callable[[str, Mapping[str, Any], int], Outcome]


def play(run: Run, act: Act, now: datetime = NOW) -> list[str]:
    """Bring `run` to its end; the attempts in the order of their starts, as `path#attempt`."""
    started = []
    while not run.is_final:
        for lookup in run.lookups(now):
            run.answer(lookup.leaf.path, Miss("NoEntry"), now)
        plan = run.plan(now)
        if plan.flush:
            run.mark_recorded(run.version)
        for start in plan.starts:
            started.append(f"{start.leaf.path}#{start.attempt}")
            run.observe(start.leaf.path, start.attempt, Running(now), now)
            run.observe(start.leaf.path, start.attempt, act(start.leaf.path, start.inputs, start.attempt), now)
        for leaf in plan.stops:
            run.observe(leaf.path, leaf.attempt, Running(now), now, dead=True)
        if not plan.starts and not plan.stops and not plan.flush and not run.is_final:
            assert plan.wake is not None, "nothing runs, nothing is waited for, and the run is not over"
            now = max(now, plan.wake)
    return started


def succeed(**outputs: Any) -> Act:
    """Every attempt succeeds with these outputs."""
    return lambda path, inputs, attempt: Success(outputs)
