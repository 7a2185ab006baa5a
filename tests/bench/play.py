"""One repetition of one scenario by one side, judged by the same eyes whoever it is."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bench import plane, server
from bench.observer import Observer
from bench.sides import SIDES
from bench.stage import Stage
from bench.workload import Workload

_PATIENCE = 600.0


@dataclass(frozen=True)
class Figures:
    """What one repetition took.

    Attributes
    ----------
    makespan
        Seconds from the first request until the runs were said to be over.
    complete
        Seconds until, besides, no Pod was held any more.
    step_ms
        Milliseconds between the ends of two tasks, on average.
    cpu
        Seconds of the side's own CPU; `server_cpu` of the server's (etcd's included), `kubelet_cpu` of the fake one's.
    sent
        Requests by verb and resource, those of the kubelet and the observer left out.
    stalls
        How often the event loop was held up for more than 50 ms, and for how many milliseconds at most; None where
        nobody listened.
    """

    count: int
    makespan: float
    complete: float
    step_ms: float
    cpu: float
    server_cpu: float
    kubelet_cpu: float
    sent: Counter[str]
    object_kb: float
    lag: float
    peak_mb: float
    stalls: tuple[int, float] | None

    @property
    def metrics(self) -> dict[str, float]:
        """By the names under which they are reported; what was not measured has none."""
        verbs = server.by_verb(self.sent).items()
        found = {
            "makespan_s": self.makespan,
            "tasks_per_second": self.count / self.complete,
            "ms_per_step": self.step_ms,
            "cpu_ms_per_task": 1000 * self.cpu / self.count,
            "server_cpu_ms_per_task": 1000 * self.server_cpu / self.count,
            "kubelet_cpu_ms_per_task": 1000 * self.kubelet_cpu / self.count,
            "writes_per_task": server.task_writes(self.sent) / self.count,
            "requests_per_task": self.sent.total() / self.count,
            **{f"{verb.lower()}_per_task": number / self.count for verb, number in verbs},
            "status_writes_per_second": self.sent["PATCH pipelineruns/status"] / self.makespan,
            "peak_rss_mb": self.peak_mb,
            "object_kb": self.object_kb,
            "status_lag_s": self.lag,
        }
        if self.stalls is not None:
            found["stalls"], found["longest_stall_ms"] = self.stalls
        return found


async def play(stage: Stage, workload: Workload, name: str, look: Callable[[int], None] = lambda _: None) -> Figures:
    """Have the side called `name` do the workload, and clear the stage; `look` is told its pid when it begins."""
    await stage.define(workload)
    observer = Observer(stage.client, plane.NAMESPACE)
    async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group, SIDES[name]() as side:
        observing = group.create_task(observer.run())
        await observer.started.wait()
        await stage.account()
        cpu, server_cpu, before = side.process.cpu_seconds(), stage.server_cpu(), await stage.requests()
        look(side.process.pid)
        begun = time.monotonic()
        working = group.create_task(side.work(workload, await stage.start(workload)))
        await observer.ended(len(workload.graphs))
        account = await stage.until_released()
        await working
        cpu, server_cpu = side.process.cpu_seconds() - cpu, stage.server_cpu() - server_cpu
        sent = await stage.requests() - before - Counter(account.sent)
        peak = side.process.peak_mb()
        observing.cancel()
    if observer.failed:
        raise RuntimeError(f"{name}: {workload.name}: runs failed: {observer.failed[:5]}")
    await stage.clear()
    over, ended = max(observer.over.values()), sorted(account.ended)
    sent["POST pipelineruns"] -= len(workload.graphs)  # ours
    return Figures(
        count=workload.count,
        makespan=over - begun,
        complete=max(over, account.changed) - begun,
        step_ms=1000 * (ended[-1] - ended[0]) / (len(ended) - 1) if ended else 0.0,
        cpu=cpu,
        server_cpu=server_cpu,
        kubelet_cpu=account.cpu,
        sent=+sent,
        object_kb=observer.largest / 1000,
        lag=observer.lag(ended),
        peak_mb=peak,
        stalls=side.stalls,
    )
