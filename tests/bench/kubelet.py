"""`python -m bench.kubelet KUBECONFIG STORE`: a scheduler and a kubelet that run nothing.

A Pod is bound to a node and told to have ended at once, or after as many seconds as its first argument says; its second
is what it prints. What is written is what a kubelet writes: one strategic patch of the status for each change. A line
on its standard input asks for an account of what happened since the last one (`bench.part`).
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench import part
from bench.client import STRATEGIC, Client, RequestError
from bench.fake_agent import FakeAgent
from levada.planner.handoff import Assignment
from levada.planner.names import RESULT_FINALIZER

NODE = "bench"
_WORKERS = 16


class _Env(msgspec.Struct):
    name: str
    value: str = ""


class _Container(msgspec.Struct):
    name: str
    image: str
    args: list[str] = []
    env: list[_Env] = []


class _Spec(msgspec.Struct):
    containers: list[_Container]
    node: str = msgspec.field(name="nodeName", default="")
    agents: list[_Container] = msgspec.field(name="initContainers", default=[])


class _Metadata(msgspec.Struct):
    name: str
    namespace: str
    uid: str
    finalizers: list[str] = []
    deleted: str = msgspec.field(name="deletionTimestamp", default="")


class Pod(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.metadata.namespace}/pods/{self.metadata.name}"


class _Event(msgspec.Struct):
    type: str
    object: Pod


class Account(msgspec.Struct):
    """What happened since the last one. Times are of the machine's monotonic clock.

    Attributes
    ----------
    ended
        When the API server knew that a Pod's containers had ended.
    held
        Pods that have our finalizer.
    changed
        When a finalizer was last seen to go.
    """

    ended: list[float] = []
    held: int = 0
    changed: float = 0.0
    cpu: float = 0.0
    sent: dict[str, int] = {}


class Kubelet:
    def __init__(self, client: Client, agent: FakeAgent) -> None:
        self._client = client
        self._agent = agent
        self._waiting: asyncio.Queue[Pod] = asyncio.Queue()
        self._lives: dict[str, asyncio.Task | None] = {}
        self._held: set[str] = set()
        self._account = Account()
        self._cpu = 0.0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(_WORKERS):
                group.create_task(self._work())
            decoder = msgspec.json.Decoder(_Event)
            async for line in self._client.watch("/api/v1/pods", part.ready):
                self._see(decoder.decode(line))

    def take(self, _order: object) -> Account:
        """The account so far; a new one begins."""
        account, self._account = self._account, Account()
        account.held, account.sent = len(self._held), dict(self._client.sent)
        account.cpu, self._cpu = time.process_time() - self._cpu, time.process_time()
        self._client.sent.clear()
        return account

    def _see(self, event: _Event) -> None:
        pod, metadata = event.object, event.object.metadata
        if event.type != "DELETED" and RESULT_FINALIZER in metadata.finalizers:
            self._held.add(metadata.uid)
        elif metadata.uid in self._held:
            self._held.discard(metadata.uid)
            self._account.changed = time.monotonic()
        if event.type == "DELETED":
            self._lives.pop(metadata.uid, None)
        elif not pod.spec.node and metadata.uid not in self._lives:
            self._lives[metadata.uid] = None
            self._waiting.put_nowait(pod)
        elif metadata.deleted and (life := self._lives.get(metadata.uid)):
            life.cancel()

    async def _work(self) -> None:
        while True:
            pod = await self._waiting.get()
            with suppress(RequestError):  # it was deleted meanwhile
                await self._bind(pod)
                seconds = float(pod.spec.containers[0].args[0])
                if seconds:
                    await self._tell(pod, "Running", {key: {"running": {"startedAt": _now()}} for key in _names(pod)})
                    self._lives[pod.metadata.uid] = asyncio.create_task(self._end_after(pod, seconds))
                else:
                    await self._end(pod, 0)

    async def _bind(self, pod: Pod) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
        body = {"metadata": {"name": pod.metadata.name, "uid": pod.metadata.uid}, "target": target}
        await self._client.send("POST", f"{pod.path}/binding", body)

    async def _end_after(self, pod: Pod, seconds: float) -> None:
        with suppress(RequestError):
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                await self._end(pod, 143)
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod.metadata.uid}}
                await self._client.send("DELETE", pod.path, options)
            else:
                await self._end(pod, 0)

    async def _end(self, pod: Pod, code: int) -> None:
        messages = await self._messages(pod)
        ended = {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "startedAt": _now(),
            "finishedAt": _now(),
        }
        states = {name: {"terminated": ended | {"message": message}} for name, message in messages.items()}
        await self._tell(pod, "Failed" if code else "Succeeded", states)
        self._account.ended.append(time.monotonic())

    async def _messages(self, pod: Pod) -> dict[str, str]:
        """The termination messages of the containers: the main one's output, or the agent's report."""
        main = pod.spec.containers[0]
        if not pod.spec.agents:
            return {main.name: main.args[1]}
        agent = pod.spec.agents[0]
        told = next(entry.value for entry in agent.env if entry.name == "LEVADA_ASSIGNMENT").replace("$$", "$")
        assignment = msgspec.json.decode(told, type=Assignment)
        report = await asyncio.to_thread(self._agent.report, assignment, main.args[1])
        return {main.name: "", agent.name: report}

    async def _tell(self, pod: Pod, phase: str, states: dict[str, dict]) -> None:
        over = phase != "Running"
        statuses = [_container(pod, container, states[container.name], over) for container in pod.spec.containers]
        agents = [_container(pod, container, states[container.name], over) for container in pod.spec.agents]
        status = {
            "phase": phase,
            "startTime": _now(),
            "hostIP": "10.0.0.1",
            "podIP": "10.0.0.2",
            "podIPs": [{"ip": "10.0.0.2"}],
            "conditions": _conditions(over),
            "containerStatuses": statuses,
        }
        if agents:
            status["initContainerStatuses"] = agents
        body = {"metadata": {"uid": pod.metadata.uid}, "status": status}
        await self._client.send("PATCH", f"{pod.path}/status", body, STRATEGIC)


def _names(pod: Pod) -> Iterator[str]:
    return (container.name for container in (*pod.spec.containers, *pod.spec.agents))


def _container(pod: Pod, container: _Container, state: dict, over: bool) -> dict:
    return {
        "name": container.name,
        "image": container.image,
        "imageID": f"sha256:{'0' * 64}",
        "containerID": f"containerd://{pod.metadata.uid.replace('-', '')}{'0' * 32}",
        "ready": not over,
        "started": not over,
        "restartCount": 0,
        "lastState": {},
        "state": state,
    }


def _conditions(over: bool) -> list[dict]:
    truth = {"PodReadyToStartContainers": not over, "Initialized": True, "Ready": not over, "ContainersReady": not over}
    common = {"lastProbeTime": None, "lastTransitionTime": _now()}
    why = {"reason": "PodCompleted"} if over else {}
    return [{"type": name, "status": str(holds)} | common | ({} if holds else why) for name, holds in truth.items()]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def main(kubeconfig: Path, agent: FakeAgent) -> None:
    async with Client(kubeconfig) as client:
        kubelet = Kubelet(client, agent)
        await part.serve(kubelet.run(), kubelet.take)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), FakeAgent(json.loads(Path(sys.argv[2]).read_text()))))
