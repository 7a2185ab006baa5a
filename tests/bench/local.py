"""What the local engine costs: tasks that do nothing, beside a bare loop that starts the same processes.

Both are measured in turns in one process, so that a busy machine slows both; the medians are compared.
Run it with `PYTHONPATH=tests .venv/bin/python -m bench.local`; it adds to `build/bench-local.json`.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from levada.local.engine import Definition, run_local

BUILD = Path("build")
BUDGET = 3.0


def pipeline(count, *, chained):
    names = [f"t{number}" for number in range(count)]
    component = {"implementation": {"container": {"image": "none", "command": ["true"]}}}
    tasks = [{"name": name, "componentRef": {"name": "nothing"}} for name in names]
    if chained:
        for task, before in zip(tasks[1:], names, strict=False):
            task["after"] = [before]
    return Definition("bench", "default", {"pipelineSpec": {"tasks": tasks}}, {}, {"nothing": component})


def engine(definition, workers):
    """Seconds from the definition to the final record."""
    with tempfile.TemporaryDirectory() as home:
        begun = time.perf_counter()
        record = run_local(definition, home=Path(home), parallelism=workers)
        seconds = time.perf_counter() - begun
    assert record["phase"] == "Succeeded", record["message"]
    return seconds


def bare(count, workers):
    """Seconds that the processes take by themselves: a loop, or as many threads as there are workers."""
    begun = time.perf_counter()
    if workers == 1:
        for _ in range(count):
            subprocess.run(["true"], check=True)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda _: subprocess.run(["true"], check=True), range(count)))
    return time.perf_counter() - begun


def measure(scenario, count, workers, repetitions, *, chained):
    definition = pipeline(count, chained=chained)
    pairs = [(engine(definition, workers), bare(count, workers)) for _ in range(repetitions)]
    ours, ideal = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {
        "scenario": scenario,
        "metric": "makespan_s",
        "levada": round(ours, 3),
        "ideal": round(ideal, 3),
        "ratio": round(ours / ideal, 2),
        "budget": BUDGET,
        "met": ours / ideal < BUDGET,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    results = [
        measure("local-chain-100", 100, 1, repetitions, chained=True),
        measure("local-fan-1000", 1000, 2, repetitions, chained=False),
    ]
    print(f"{'scenario':<18}{'levada':>10}{'bare':>10}{'ratio':>8}{'budget':>8}")
    for result in results:
        numbers = f"{result['levada']:>9}s{result['ideal']:>9}s{result['ratio']:>8}{result['budget']:>8}"
        print(f"{result['scenario']:<18}{numbers}  {'met' if result['met'] else 'NOT MET'}")
    BUILD.mkdir(exist_ok=True)
    entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "python": platform.python_version()}
    with (BUILD / "bench-local.json").open("a") as out:
        out.writelines(json.dumps({**entry, **result}) + "\n" for result in results)
    return 0 if all(result["met"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
