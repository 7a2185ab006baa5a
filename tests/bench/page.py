"""Where results are told: a page to which each recorded run adds a section, with its machine, and README's figures."""

import os
import platform
import subprocess
import time
from pathlib import Path

from bench.results import Result, number, table
from cluster.paths import REPO
from pages import part_of, with_part

PAGE = REPO / "docs" / "benchmarks" / "operator.md"
README = REPO / "README.md"
_HEADLINES = (
    ("a chain of 100 tasks", "chain-100", "ms_per_step", "ms from one to the next"),
    ("1,000 tasks side by side", "fan-1000", "tasks_per_second", "tasks/s"),
    ("1,000 tasks of 0 to 20 s", "staggered-1000", "makespan_s", "s until all have ended"),
    ("100 runs of 10 tasks at once", "runs-100x10", "tasks_per_second", "tasks/s"),
    ("the operator's CPU for a task of 1,000 side by side", "fan-1000", "cpu_ms_per_task", "ms"),
    ("the operator's CPU for a task of a chain", "chain-100", "cpu_ms_per_task", "ms"),
    ("a run of 10,000 tasks", "run-10000", "status_lag_s", "s that its status is behind, at most"),
    ("an operator that finds 5,000 finished runs", "startup-5000", "startup_s", "s to a new run's first task"),
    ("an operator at rest beside 1,000 finished runs", "idle-1000", "idle_cpu_percent", "% of a core"),
    ("an artifact of 1 GiB, out and in", "agent-1gib", "throughput_mb_s", "MB/s"),
)
"""What it is, the scenario, the metric, its unit in words."""


def append(results: list[Result], repetitions: int) -> None:
    day = time.strftime("%d %B %Y", time.gmtime()).lstrip("0")
    section = f"\n## {day}, {_commit()}\n\n{_machine()}; {repetitions} repetitions.\n\n{table(results)}\n"
    with PAGE.open("a") as page:
        page.write(section)


def put_headlines(results: list[Result]) -> None:
    """Write README's figures anew; what was not measured now keeps its row."""
    found = {(each.scenario, each.metric): each.entry() for each in results}
    rows = {row.split("|")[1].strip(): row for row in part_of(README, "figures").splitlines()}
    for what, scenario, metric, unit in _HEADLINES:
        if entry := found.get((scenario, metric)):
            rows[what] = _headline(what, unit, entry)
    known = [rows[what] for what, *_ in _HEADLINES if what in rows]
    lines = ["| | Levada | ideal client | budget |", "|---|---|---|---|", *known]
    README.write_text(with_part(README, "figures", "\n".join(lines)))


def _headline(what: str, unit: str, entry: dict) -> str:
    ideal = "" if entry["ideal"] is None else number(entry["ideal"])
    verdict = "" if entry["met"] is None else f"{entry['budget']}: {'met' if entry['met'] else 'missed'}"
    return f"| {what} | {number(entry['levada'])} {unit} | {ideal} | {verdict} |"


def _machine() -> str:
    processor = _field("/proc/cpuinfo", "model name")
    memory = int(_field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    load = os.getloadavg()[2]
    return (
        f"{processor}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load of the last 15 minutes {load:.1f}"
    )


def _field(file: str, name: str) -> str:
    lines = (line.partition(":") for line in Path(file).read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "unknown processor")


def _commit() -> str:
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout.strip()
