"""No figure is bought with a guarantee: of each scenario one more history, not timed, is judged by the invariants."""

import asyncio

from bench import plane
from bench.observer import Observer
from bench.recorder import Recorder
from bench.results import Result, at_most
from bench.sides import levada
from bench.stage import Stage
from bench.workload import Workload
from cluster.progress import say

LARGEST = 1000
"""Tasks of a history: the checker looks at every state of every object."""


async def judged(made: Stage, workload: Workload) -> Result:
    """Whether an invariant was broken: 1, and it is told which, or 0."""
    await made.define(workload)
    recorder = Recorder(made.client)
    await recorder.start()
    async with levada():
        await played(made, workload)
    broken = ""
    try:
        await recorder.check(ends(workload))
    except AssertionError as violation:
        broken = str(violation).partition("\n")[0]
    say(f"{workload.name}, the invariants: {broken or 'none is broken'}")
    await made.clear()
    return Result(workload.name, "invariants_broken", [float(bool(broken))], budget=at_most(0))


async def played(made: Stage, workload: Workload) -> Observer:
    """Start the runs, and wait until they are over and none of their Pods is held; who saw it."""
    observer = Observer(made.client, plane.NAMESPACE)
    async with asyncio.TaskGroup() as group:
        observing = group.create_task(observer.run())
        await observer.started.wait()
        await made.account()
        await made.start(workload)
        await observer.ended(len(workload.graphs))
        await made.until_released()
        observing.cancel()
    return observer


def ends(workload: Workload) -> dict[str, dict]:
    """How each run has to end, in the words of the invariants."""
    return {
        name: {"phase": "Succeeded", "tasks": {step.name: ["Succeeded", {"n": 7}] for step in graph}, "outputs": {}}
        for name, graph in zip(workload.run_names(), workload.graphs, strict=True)
    }
