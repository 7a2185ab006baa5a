"""What one finished task costs the planner, in runs of 100 and of 10,000 tasks.

For each the run is played to its end: plan, observe one end, plan again, as the engines do. Sizes take turns, so that a
busy machine slows all of them; the medians are compared. Run it with `make bench-planner`.
"""

import argparse
import gc
import statistics
import time
from datetime import UTC, datetime

from bench.results import Result, at_most, table, write
from levada.graph.model import Component, Graph, Input, Item, Literal, Loop, Output, Task, TaskOutput
from levada.planner.attempt import Success
from levada.planner.run import Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = (100, 10_000)
BUDGET = 1.5
BODY = Component({"n": Input("n", "Integer", True, is_optional=True)}, {"n": Output("n", "Integer", True)}, "image")


def fan(count):
    return Graph({}, {f"t{number}": Task(f"t{number}", BODY) for number in range(count)})


def chain(count):
    inputs = [{}] + [{"n": TaskOutput(f"t{number}", "n")} for number in range(count - 1)]
    return Graph({}, {f"t{number}": Task(f"t{number}", BODY, inputs[number]) for number in range(count)})


def loop(count):
    return Graph({}, {"fit": Task("fit", BODY, {"n": Item()}, loop=Loop(Literal(list(range(count))), 10))})


def nested(count):
    inner = Graph({}, {f"t{number}": Task(f"t{number}", BODY) for number in range(10)})
    return Graph({}, {f"g{number}": Task(f"g{number}", inner) for number in range(count // 10)})


def microseconds(graph, count):
    """Of the planner's time for each finished task."""
    run = Run(graph, {}, started=NOW)
    ready = [start.leaf for start in run.plan(NOW).starts]
    gc.collect()
    begun = time.perf_counter()
    while ready:
        leaf = ready.pop()
        run.observe(leaf.path, leaf.attempt, Success({"n": 1}), NOW)
        ready += [start.leaf for start in run.plan(NOW).starts]
    seconds = time.perf_counter() - begun
    assert run.is_final
    return 1e6 * seconds / count


def measure(name, build, repetitions):
    graphs = {size: build(size) for size in SIZES}
    taken = {size: [] for size in SIZES}
    for _ in range(repetitions):
        for size, graph in graphs.items():
            taken[size].append(statistics.median(microseconds(graph, size) for _ in range(1 if size > 1000 else 20)))
    small, large = (statistics.median(taken[size]) for size in SIZES)
    print(
        f"{name:8} {small:7.1f} us at {SIZES[0]}, {large:7.1f} us at {SIZES[1]}: {large / small:.2f} times", flush=True
    )
    return Result(f"planner-{name}", "growth_of_time_per_task", [large / small], budget=at_most(BUDGET))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    shapes = {"fan": fan, "chain": chain, "loop": loop, "nested": nested}
    results = [measure(name, build, repetitions) for name, build in shapes.items()]
    write(results)
    print(table(results))


if __name__ == "__main__":
    main()
