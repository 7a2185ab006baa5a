"""The page of results: each recorded run adds a section, with the machine that it ran on."""

import os
import platform
import subprocess
import time
from pathlib import Path

from bench.results import Result, table
from cluster.paths import REPO

PAGE = REPO / "docs" / "benchmarks" / "operator.md"


def append(results: list[Result], repetitions: int) -> None:
    day = time.strftime("%d %B %Y", time.gmtime()).lstrip("0")
    section = f"\n## {day}, {_commit()}\n\n{_machine()}; {repetitions} repetitions.\n\n{table(results)}\n"
    with PAGE.open("a") as page:
        page.write(section)


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
