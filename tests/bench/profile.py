"""`make profile SCENARIO=...`: where the operator's time goes in a scenario, as a flame graph (py-spy)."""

import argparse
import asyncio
import subprocess
import sys
from pathlib import Path

from bench.play import Figures, play
from bench.scenarios import SCENARIOS
from bench.stage import stage
from cluster.paths import REPO, VENV
from cluster.progress import ClusterError, say

_PER_SECOND = 200


def main() -> int:
    parser = argparse.ArgumentParser(prog="profile", description=__doc__)
    parser.add_argument("scenario", choices=SCENARIOS)
    name = parser.parse_args().scenario
    file = REPO / "build" / f"profile-{name}.svg"
    file.parent.mkdir(exist_ok=True)
    try:
        figures, said = asyncio.run(profile(name, file))
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    if not file.exists():
        print(f"py-spy wrote nothing: {said.strip()}", file=sys.stderr)
        return 1
    say(f"{name}: {figures.metrics['cpu_ms_per_task']:.2f} ms of CPU for each task; see {file.relative_to(REPO)}")
    return 0


async def profile(name: str, file: Path) -> tuple[Figures, str]:
    """Of one repetition: its figures, and what py-spy said."""
    recorders: list[subprocess.Popen] = []

    def record(pid: int) -> None:
        argv = [VENV / "bin" / "py-spy", "record", "--pid", str(pid), "--rate", str(_PER_SECOND), "--output", file]
        recorders.append(subprocess.Popen([*argv, "--nonblocking"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))

    async with stage() as made:
        figures = await play(made, SCENARIOS[name].workload, "levada", record)
    _, said = await asyncio.to_thread(recorders[0].communicate)  # it ends with the operator
    return figures, said.decode()


if __name__ == "__main__":
    sys.exit(main())
