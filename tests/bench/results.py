"""What a benchmark found: a table for people, build/bench.json for scripts. Nothing here fails a build."""

import json
from dataclasses import asdict, dataclass

from cluster.paths import REPO

FILE = REPO / "build" / "bench.json"


@dataclass(frozen=True)
class Result:
    """`levada` and `ideal` in the metric's unit; `levada` should stay under `budget`, where there is one."""

    scenario: str
    metric: str
    levada: float
    ideal: float | None = None
    budget: float | None = None

    def entry(self) -> dict:
        ratio = self.levada / self.ideal if self.ideal else None
        met = None if self.budget is None else self.levada < self.budget
        return {**asdict(self), "ratio": ratio, "met": met}


def write(results: list[Result]) -> None:
    """Put the results into the file; those of other scenarios and metrics stay."""
    known = json.loads(FILE.read_text()) if FILE.exists() else []
    entries = {(each["scenario"], each["metric"]): each for each in known}
    entries |= {(each.scenario, each.metric): each.entry() for each in results}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(list(entries.values()), indent=1) + "\n")


def table(results: list[Result]) -> str:
    lines = ["| scenario | metric | measured | budget | met |", "|---|---|---|---|---|"]
    for each in results:
        met = {True: "yes", False: "NO", None: ""}[each.entry()["met"]]
        budget = "" if each.budget is None else f"{each.budget:g}"
        lines.append(f"| {each.scenario} | {each.metric} | {each.levada:.1f} | {budget} | {met} |")
    return "\n".join(lines)
