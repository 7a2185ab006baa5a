"""What finished runs cost: the start of an operator that finds thousands of them, and its rest beside them."""

import asyncio
import time
import uuid

from bench import plane, workload
from bench.results import Result, at_most
from bench.sides import levada
from bench.stage import RUNS, Stage, stage
from cluster import etcd
from cluster.progress import say
from e2e.runs import kind

_WORK = workload.runs(1, 10)
_NOT_OURS = ("leases", "tokenreviews", "endpoints", "endpointslices", "services")
_SETTLE, _WINDOW = 15.0, 65.0
"""Seconds: what a start leaves to do is done; and at least one round of whatever is done each minute."""


async def startup(count: int, repetitions: int) -> list[Result]:
    """Seconds from the start of the operator's process to the end of the first task of a run that waits for it."""
    name = f"startup-{count}"
    taken, peaks = [], []
    async with stage() as made:
        await stand(made, count)
        for number in range(repetitions):
            taken.append(await _first_task(made, f"new-{number}", peaks))
            say(f"{name}, {number + 1} of {repetitions}: {taken[-1]:.2f} s")
    return [
        Result(name, "startup_s", taken, budget=at_most(10)),
        Result(name, "peak_rss_mb", peaks),
    ]


async def _first_task(made: Stage, run: str, peaks: list[float]) -> float:
    await made.account()
    await made.client.create(_run(run), plane.NAMESPACE)
    begun = time.monotonic()
    async with levada() as side:
        account = await made.account()
        while not account.ended:
            await asyncio.sleep(0.02)
            account = await made.account()
        await _until_over(made, run)
        peaks.append(side.process.peak_mb())
    return account.ended[0] - begun


async def idle(count: int, repetitions: int) -> list[Result]:
    """CPU, and requests that there would not be without finished runs, while nothing is to be done."""
    name = f"idle-{count}"
    async with stage() as made:
        _, few = await _rest(made)
        await stand(made, count)
        rests = [await _rest(made) for _ in range(repetitions)]
    return [
        Result(name, "idle_cpu_percent", [percent for percent, _ in rests], budget=at_most(0.5)),
        Result(name, "requests_per_minute", [60 * sent / _WINDOW for _, sent in rests], [60 * few / _WINDOW]),
        Result(name, "requests_for_finished_runs", [sent - few for _, sent in rests], budget=at_most(0)),
    ]


async def _rest(made: Stage) -> tuple[float, int]:
    """Percent of a core, and requests but the API server's own and those for the lease, in one window.

    Watches outlast it: whether one ends in it is chance.
    """
    async with levada(quiet=True) as side:
        await asyncio.sleep(_SETTLE)
        before = await made.requests()
        percent = await asyncio.to_thread(side.process.cpu_percent, _WINDOW)
        sent = await made.requests() - before
    mine = {what: number for what, number in sent.items() if _is_ours(*what.split())}
    say(f"{percent:.2f} % of a core; {mine}")
    return percent, sum(mine.values())


def _is_ours(verb: str, resource: str) -> bool:
    return verb != "WATCH" and resource not in _NOT_OURS


async def stand(made: Stage, count: int) -> None:
    """`count` finished runs of ten tasks, each as Levada leaves them: one has run, the others are its copies."""
    say(f"{count} finished runs are made")
    await made.define(_WORK)
    async with levada():
        await made.client.create(_run("old-0"), plane.NAMESPACE)
        model = await _until_over(made, "old-0")
    await asyncio.to_thread(etcd.put, (_copy(model, number) for number in range(1, count)))


def _copy(model: dict, number: int) -> dict:
    metadata = {name: value for name, value in model["metadata"].items() if name != "resourceVersion"}
    return model | {"metadata": metadata | {"name": f"old-{number}", "uid": str(uuid.uuid4())}}


async def _until_over(made: Stage, name: str) -> dict:
    while True:
        run = await made.client.get(f"{RUNS}/{name}")
        if run.get("status", {}).get("completionTime"):
            return run
        await asyncio.sleep(0.05)


def _run(name: str) -> dict:
    return kind("PipelineRun", name, {"pipelineRef": {"name": _WORK.run_names()[0]}})
