"""What a benchmark found: a table for people, build/bench.json for scripts. Nothing here fails a build."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from cluster.paths import REPO

FILE = REPO / "build" / "bench.json"


@dataclass(frozen=True)
class Budget:
    """What a metric should be: at most, or at least, so many times the ideal, or so much in its own unit.

    Attributes
    ----------
    of_ideal
        Whether the limit is one of the ratio.
    """

    limit: float
    of_ideal: bool = False
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{' x ideal' if self.of_ideal else ''}"


def at_most(limit: float) -> Budget:
    return Budget(limit)


def at_most_ideal(limit: float) -> Budget:
    return Budget(limit, of_ideal=True)


def at_least_ideal(limit: float) -> Budget:
    return Budget(limit, of_ideal=True, at_least=True)


@dataclass(frozen=True)
class Result:
    """One metric of one scenario: each side's repetitions; `bare` is the ideal without our guarantees' writes."""

    scenario: str
    metric: str
    levada: Sequence[float]
    ideal: Sequence[float] = ()
    bare: Sequence[float] = ()
    budget: Budget | None = None

    @property
    def ratio(self) -> float | None:
        """Levada's median to the ideal's."""
        ideal = statistics.median(self.ideal) if self.ideal else 0
        return statistics.median(self.levada) / ideal if ideal else None

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none, or no ideal was measured."""
        if self.budget is None:
            return None
        value = self.ratio if self.budget.of_ideal else statistics.median(self.levada)
        if value is None:
            return None
        return value >= self.budget.limit if self.budget.at_least else value <= self.budget.limit

    def entry(self) -> dict:
        sides = {name: values for name in ("levada", "ideal", "bare") if (values := getattr(self, name))}
        medians = {name: statistics.median(values) for name, values in sides.items()}
        return {
            "scenario": self.scenario,
            "metric": self.metric,
            "levada": medians["levada"],
            "ideal": medians.get("ideal"),
            "bare": medians.get("bare"),
            "ratio": self.ratio,
            "budget": self.budget and str(self.budget),
            "met": self.met,
            "spread": {name: [min(values), max(values)] for name, values in sides.items()},
        }


def write(results: list[Result]) -> None:
    """Put the results into the file; those of other scenarios and metrics stay."""
    known = json.loads(FILE.read_text()) if FILE.exists() else []
    entries = {(each["scenario"], each["metric"]): each for each in known}
    entries |= {(each.scenario, each.metric): each.entry() for each in results}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(list(entries.values()), indent=1) + "\n")


def table(results: list[Result]) -> str:
    """Medians, with the least and the most of several repetitions."""
    lines = [
        "| scenario | metric | levada | ideal | bare | ratio | budget | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in results:
        met = {True: "yes", False: "NO", None: ""}[each.met]
        ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
        cells = [_cell(values) for values in (each.levada, each.ideal, each.bare)]
        row = (each.scenario, each.metric, *cells, ratio, "" if each.budget is None else str(each.budget), met)
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    median = number(statistics.median(values))
    return median if len(values) == 1 else f"{median} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """Three digits of it."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
