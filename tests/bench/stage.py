"""The server with its fake kubelet, made ready for one repetition after the other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench import plane, server
from bench.client import Client, RequestError
from bench.kubelet import Account
from bench.part import Part
from bench.process_account import Process
from bench.workload import Workload
from cluster import store
from cluster.paths import KUBECONFIG

_POLL = 0.05
_TOO_LONG = 504
RUNS = f"/apis/levada.dev/v1alpha1/namespaces/{plane.NAMESPACE}/pipelineruns"


class Stage:
    def __init__(self, client: Client, kubelet: Part) -> None:
        self.client = client
        self._kubelet = kubelet
        self._server = [Process(pid) for pid in plane.server_pids()]

    async def account(self) -> Account:
        """The kubelet's, since it was last asked."""
        return await self._kubelet.ask("take", Account)

    async def requests(self) -> Counter[str]:
        """All that the server has answered so far."""
        return server.requests(await self.client.text("/metrics"))

    def server_cpu(self) -> float:
        return sum(process.cpu_seconds() for process in self._server)

    async def define(self, workload: Workload) -> None:
        """What the runs refer to."""
        for item in (*store.objects(), *workload.definitions()):
            await self.client.create(item, plane.NAMESPACE)

    async def start(self, workload: Workload) -> list[dict]:
        """The runs, created."""
        return [await self.client.create(run, plane.NAMESPACE) for run in workload.runs()]

    async def until_released(self) -> Account:
        """Wait until no Pod is held any more; the account of what happened since the last one."""
        whole = await self.account()
        while whole.held:
            await asyncio.sleep(_POLL)
            more = await self.account()
            whole.ended += more.ended
            whole.held, whole.changed, whole.cpu = more.held, more.changed or whole.changed, whole.cpu + more.cpu
            whole.sent = dict(Counter(whole.sent) + Counter(more.sent))
        return whole

    async def clear(self) -> None:
        """Remove all that a run leaves."""
        for path in plane.COLLECTIONS:
            await self._remove(path)
        while (await self.client.get(f"{plane.COLLECTIONS[0]}?limit=1"))["items"]:
            await asyncio.sleep(_POLL)
        await self.account()

    async def _remove(self, path: str) -> None:
        """All of a collection. Thousands of Pods take longer than the server lets a request take: it is asked again."""
        while True:
            try:
                await self.client.send("DELETE", f"{path}?gracePeriodSeconds=0&propagationPolicy=Background")
            except RequestError as error:
                if error.status != _TOO_LONG:
                    raise
            else:
                return


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """A new server and a fake kubelet, for as long as they are needed."""
    await asyncio.to_thread(plane.up)
    try:
        kubelet = Part("bench.kubelet", KUBECONFIG, plane.STORE_SETTINGS)
        async with Client(KUBECONFIG) as client, kubelet:
            yield Stage(client, kubelet)
    finally:
        await asyncio.to_thread(plane.down)
