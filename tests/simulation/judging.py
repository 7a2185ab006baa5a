"""How a history is judged, and how one that fails is told: shrunk, with its timeline, and ready to be kept."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Iterator
from pathlib import Path

import msgspec

from invariants.checker import check, first_violation
from invariants.history import History
from invariants.timeline import timeline
from simulation.pair import play_of
from simulation.play import Play, played
from simulation.scenario import Scenario, random_scenario

REGRESSIONS = Path(__file__).parent / "regressions"


def judged(play: Play) -> History:
    """Play it to its end; AssertionError if it breaks an invariant on the way."""
    ((_, history),) = played([play])
    check(history)
    return history


def fault_of(scenario: Scenario) -> tuple[str, History | None] | None:
    """What is wrong with the history of `scenario`, and that history; None when all is well."""
    try:
        ((_, history),) = played([play_of(scenario)])
    except Exception:  # noqa: BLE001  # whatever the product raises is a finding
        return traceback.format_exc(), None
    violation = first_violation(history)
    return (str(violation), history) if violation else None


def judge_seeds(seeds: range) -> None:
    """Raise AssertionError about the first seed whose history breaks an invariant."""
    plays = map(play_of, map(random_scenario, seeds))
    current = random_scenario(seeds[0])
    try:
        for number, (_, history) in enumerate(played(plays), 1):
            violation = first_violation(history)
            assert violation is None, violation
            current = random_scenario(seeds[min(number, len(seeds) - 1)])
    except Exception:
        judge(current)
        raise


def judge(scenario: Scenario) -> None:
    """Raise AssertionError if its history breaks an invariant, with the timeline of the smallest one that does."""
    if fault_of(scenario) is None:
        return
    smallest = _shrunk(scenario)
    text, history = fault_of(smallest) or ("it does not fail again: it is not deterministic", None)
    told = timeline(history.entries) if history else ""
    kept = msgspec.json.encode(smallest).decode()
    where = f"seed {scenario.seed}; to keep it, put this into {REGRESSIONS.name}/<what it is>.json:"
    raise AssertionError(f"{told}\n{text}\n\n{where}\n{kept}")


def _shrunk(scenario: Scenario) -> Scenario:
    """A smaller scenario that fails too: fewer faults, runs and tasks."""
    while True:
        smaller = next((less for less in _smaller(scenario) if fault_of(less)), None)
        if smaller is None:
            return scenario
        scenario = smaller


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    for index in range(len(scenario.faults)):
        faults = scenario.faults[:index] + scenario.faults[index + 1 :]
        yield msgspec.structs.replace(scenario, faults=faults)
    for run in scenario.runs if len(scenario.runs) > 1 else ():
        yield msgspec.structs.replace(
            scenario, runs={name: tasks for name, tasks in scenario.runs.items() if name != run}
        )
    for run, tasks in scenario.runs.items():
        for gone in tasks if len(tasks) > 1 else ():
            if not any(gone.name in itertools.chain(task.needs, task.after, [task.over]) for task in tasks):
                left = [task for task in tasks if task is not gone]
                yield msgspec.structs.replace(scenario, runs=scenario.runs | {run: left})
