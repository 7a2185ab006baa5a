"""`python -m bench.ideal KUBECONFIG`: what a client could do that only does this workload.

The graph is in memory, the Pods' bytes are nearly ready, one POST makes a task, one status write each 0.2 s tells of
it. With `guarded` it does the writes that Levada's guarantees need as well: each Pod is held by a finalizer until the
status that records its result is written; each run is marked as begun, so that a restored backup starts nothing again,
and its definition is kept, so that it ends as what it began.
"""

import asyncio
import base64
import itertools
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from bench import part
from bench.client import CONNECTIONS, MERGE, STRATEGIC, Client
from bench.workload import Step
from levada.planner.names import RESULT_FINALIZER, RUN_LABEL

_DEBOUNCE = 0.2
NAME, PATH, SECONDS = "@name@", "@path@", "@seconds@"
_START, _RELEASE = 0, 1


class Opening(msgspec.Struct):
    """The patch that marks a run as begun, and the ConfigMap that keeps its definition."""

    mark: str
    definition: str


class Order(msgspec.Struct):
    """Do this, once.

    Attributes
    ----------
    pods
        Of each run one task's Pod, in which NAME, PATH and SECONDS stand for what differs.
    openings
        Of each run what is written when it begins, where it is `guarded`; else none.
    """

    namespace: str
    guarded: bool
    runs: list[str]
    graphs: list[list[Step]]
    pods: list[str]
    openings: list[Opening]


class Account(msgspec.Struct):
    cpu: float
    sent: dict[str, int]


class _Metadata(msgspec.Struct):
    name: str
    labels: dict[str, str]


class _Status(msgspec.Struct):
    phase: str = ""


class _Pod(msgspec.Struct):
    metadata: _Metadata
    status: _Status


class _Event(msgspec.Struct):
    type: str
    object: _Pod


class Jobs:
    """What waits for a connection: starts first, in their order."""

    def __init__(self) -> None:
        self._queue: asyncio.PriorityQueue = asyncio.PriorityQueue()
        self._number = itertools.count()
        self.done = self._queue.join

    def add(self, urgency: int, job: Callable[[str], Awaitable[None]], argument: str) -> None:
        self._queue.put_nowait((urgency, next(self._number), job, argument))

    async def work(self) -> None:
        while True:
            _, _, job, argument = await self._queue.get()
            await job(argument)
            self._queue.task_done()


class Graph:
    """One run: which tasks may start, which have ended, what is to be told of them."""

    def __init__(self, client: Client, order: Order, index: int, jobs: Jobs) -> None:
        run, steps = order.runs[index], order.graphs[index]
        self._client = client
        self._guarded = order.guarded
        self._pods_path = f"/api/v1/namespaces/{order.namespace}/pods"
        self._config_maps_path = f"/api/v1/namespaces/{order.namespace}/configmaps"
        self._run_path = f"/apis/levada.dev/v1alpha1/namespaces/{order.namespace}/pipelineruns/{run}"
        self._template = order.pods[index]
        self._opening = order.openings[index] if order.openings else None
        self._jobs = jobs
        self._steps = {step.name: step for step in steps}
        self._waits = {step.name: len(step.after) for step in steps}
        self._next: dict[str, list[str]] = {name: [] for name in self._steps}
        for step in steps:
            for before in step.after:
                self._next[before].append(step.name)
        self._pods = {name: f"{run}-{number}" for number, name in enumerate(self._steps)}
        self._names = {pod: name for name, pod in self._pods.items()}
        self._rows: dict[str, tuple] = {}
        self._unrecorded: list[str] = []
        self._news = asyncio.Event()

    def begin(self) -> None:
        if self._opening:
            self._jobs.add(_START, self._open, "")
        else:
            self._start_first()

    async def _open(self, _: str) -> None:
        """Write that the run has begun, and as what."""
        await self._client.send("PATCH", self._run_path, self._opening.mark.encode(), MERGE)
        await self._client.send("POST", self._config_maps_path, self._opening.definition.encode())
        self._start_first()

    def _start_first(self) -> None:
        for name, waits in self._waits.items():
            if not waits:
                self._jobs.add(_START, self._start, name)

    def ended(self, pod: str) -> None:
        name = self._names[pod]
        if name in self._rows:
            return
        self._rows[name] = (name, "Succeeded", int(time.time()), {"n": 7}, pod)
        self._unrecorded.append(pod)
        for following in self._next[name]:
            self._waits[following] -= 1
            if not self._waits[following]:
                self._jobs.add(_START, self._start, following)
        self._news.set()

    async def record(self) -> None:
        """Write the status as it changes, at most every 0.2 s and at the end; let go what is recorded."""
        while self._is_open or self._unrecorded:
            await self._news.wait()
            self._news.clear()
            ended, self._unrecorded = self._unrecorded, []
            began = time.monotonic()
            await self._write()
            if self._guarded:
                for pod in ended:
                    self._jobs.add(_RELEASE, self._release, pod)
            if self._is_open:
                await asyncio.sleep(max(0.0, began + _DEBOUNCE - time.monotonic()))

    @property
    def _is_open(self) -> bool:
        return len(self._rows) < len(self._steps)

    async def _start(self, name: str) -> None:
        step = self._steps[name]
        body = self._template.replace(NAME, self._pods[name]).replace(PATH, name)
        await self._client.send("POST", self._pods_path, body.replace(SECONDS, f"{step.seconds:g}").encode())

    async def _release(self, pod: str) -> None:
        body = {"metadata": {"$deleteFromPrimitiveList/finalizers": [RESULT_FINALIZER]}}
        await self._client.send("PATCH", f"{self._pods_path}/{pod}", body, STRATEGIC)

    async def _write(self) -> None:
        states = base64.b64encode(zlib.compress(msgspec.json.encode(list(self._rows.values())), 1)).decode()
        counts = {"total": len(self._steps), "succeeded": len(self._rows)}
        status = {"phase": "Running" if self._is_open else "Succeeded", "counts": counts, "taskStates": states}
        await self._client.send("PATCH", f"{self._run_path}/status", {"status": status}, MERGE)


class Ideal:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._of_run: dict[str, Graph] = {}

    async def watch(self) -> None:
        decoder = msgspec.json.Decoder(_Event)
        async for line in self._client.watch("/api/v1/pods", part.ready, labelSelector=RUN_LABEL):
            pod = decoder.decode(line).object
            graph = self._of_run.get(pod.metadata.labels[RUN_LABEL])
            if graph and pod.status.phase == "Succeeded":
                graph.ended(pod.metadata.name)

    async def do(self, raw: object) -> Account:
        order = msgspec.convert(raw, Order)
        cpu, jobs = time.process_time(), Jobs()
        graphs = [Graph(self._client, order, index, jobs) for index in range(len(order.runs))]
        self._of_run = dict(zip(order.runs, graphs, strict=True))
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(jobs.work()) for _ in range(CONNECTIONS)]
            for graph in graphs:
                graph.begin()
            async with asyncio.TaskGroup() as recording:
                for graph in graphs:
                    recording.create_task(graph.record())
            await jobs.done()
            for worker in workers:
                worker.cancel()
        sent = dict(self._client.sent)
        self._client.sent.clear()
        return Account(time.process_time() - cpu, sent)


async def main() -> None:
    async with Client(Path(sys.argv[1])) as client:
        ideal = Ideal(client)
        await part.serve(ideal.watch(), ideal.do)


if __name__ == "__main__":
    asyncio.run(main())
