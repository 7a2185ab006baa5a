"""`make bench`: Levada beside an ideal client, on a real API server with a fake kubelet. It reports and fails nothing.

The sides take turns, so that a busy machine slows all of them; medians are compared.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench import page, results
from bench.comparison import compare, growth
from bench.play import Figures, play
from bench.results import Result
from bench.sample import LARGEST, judged
from bench.scenarios import OTHERS, SCENARIOS, Scenario
from bench.sides import SIDES
from bench.stage import stage
from bench.workload import Workload
from cluster.progress import ClusterError, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    known = [*SCENARIOS, *OTHERS]
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(known)}; all if none")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions of each side")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=[*SIDES])
    parser.add_argument(
        "--record", action="store_true", help="add the results to docs/benchmarks/operator.md and README.md"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - set(known):
        parser.error(f"no scenario is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    found: list[Result] = []
    try:
        for name in arguments.scenarios or known:
            found += asyncio.run(measure(name, arguments.repeat, arguments.sides))
            results.write(found)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    found += growth(found)
    results.write(found)
    print(results.table(found))
    if arguments.record:
        page.append(found, arguments.repeat)
        page.put_headlines(found)
    return 0


async def measure(name: str, repetitions: int, sides: Sequence[str]) -> list[Result]:
    if name in OTHERS:
        return await OTHERS[name](repetitions)
    return await beside_ideal(SCENARIOS[name], repetitions, sides)


async def beside_ideal(scenario: Scenario, repetitions: int, sides: Sequence[str]) -> list[Result]:
    if scenario.workload.is_cached:
        sides = ["levada"]  # the ideal has no cache
    taken: dict[str, list[Figures]] = {name: [] for name in sides}
    async with stage() as made:
        if scenario.workload.is_cached:
            await play(made, scenario.workload, "levada")
        for number in range(repetitions):
            for name in sides:
                figures = await play(made, scenario.workload, name)
                taken[name].append(figures)
                rate = f"{figures.metrics['tasks_per_second']:.0f} tasks/s"
                say(
                    f"{scenario.workload.name}, {name}, {number + 1} of {repetitions}: {figures.makespan:.2f} s, {rate}"
                )
        witnessed = [await judged(made, scenario.workload)] if _is_judged(scenario.workload) else []
    return compare(scenario, {name: [each.metrics for each in figures] for name, figures in taken.items()}) + witnessed


def _is_judged(workload: Workload) -> bool:
    return workload.count <= LARGEST and not workload.loop and not workload.is_cached


if __name__ == "__main__":
    sys.exit(main())
