"""Plays a scenario from its beginning until nothing happens any more, and hands back its history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial

from invariants.history import History, owners
from levada.kube.errors import ApiError
from levada.planner.names import RESULT_FINALIZER
from simulation.api import CrashError, Trouble
from simulation.apiserver import KINDS, ApiServer, Json
from simulation.clock import VirtualLoop, in_virtual_time
from simulation.kubelet import Kubelet
from simulation.replica import RUNS, Leader, Replica, is_told
from simulation.scenario import REQUEST_FAULTS, Fault, Scenario, expected_end, outputs_of, run_spec
from simulation.world import World

NAMESPACE = "ns"
LIMIT = 20_000.0
"""Virtual seconds after which a run that has not ended never will."""
SETTLED = 130.0
"""Virtual seconds that must pass without anything happening before a history is over."""
DONE = ("Succeeded", "Failed", "Cancelled")
_RELABELLED = 9
"""The index with which a Pod's label is changed and not taken off."""
_OTHERS = "example.com/hold"
_EDITS: tuple[Json, ...] = (
    {"levada.dev/attempt": "7"},
    {"levada.dev/attempt": "first"},
    {"levada.dev/task": "t0"},
    {"levada.dev/task": None, "levada.dev/attempt": None},
)


class Play:
    """One scenario under way."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.world = World(scenario.seed)
        self.server = ApiServer(self.world)
        scripts: dict[tuple[str, str], Json] = {}
        for run, tasks in scenario.runs.items():
            for task in tasks:
                exits = [1] * task.flaws + [task.exit]
                script = {"exits": exits, "seconds": task.seconds, "outputs": outputs_of(task)}
                scripts |= dict.fromkeys(((run, path) for path in task.attempts()), script)
        self.kubelet = Kubelet(self.world, self.server, scripts)
        self.trouble = Trouble({int(f.at): f.kind for f in scenario.faults if f.kind in REQUEST_FAULTS})
        self._start()
        self._prepare()

    @property
    def history(self) -> History:
        return self.world.history

    @property
    def leader(self) -> Leader | None:
        return self.replica.leader

    def _start(self) -> None:
        self.replica = self._new_replica()

    def _new_replica(self) -> Replica:
        self.world.note("*** the operator starts")
        return Replica(self.world, self.server, self.kubelet, self.trouble)

    async def run(self) -> History:
        quiet_since = self.world.now
        while self.world.now < LIMIT:
            if await self._operate():
                continue
            if self.world.busy or not self._are_over():
                quiet_since = self.world.now
            elif self.world.now - quiet_since > SETTLED:
                break
            if not self.world.step():
                break
        return self.history

    def _prepare(self) -> None:
        for name, tasks in self.scenario.runs.items():
            self.history.expected[name] = expected_end(tasks)
            self._apply(name)
        for fault in self.scenario.faults:
            if fault.kind not in REQUEST_FAULTS:
                self.world.after(fault.at, partial(self._befall, fault))

    async def _operate(self) -> bool:
        """Let the operator do one thing, or start it anew; False when it waits for the world."""
        with suppress(CrashError):
            if await self.replica.work():
                return True
        if self.replica.is_alive:
            return False
        self.world.pass_time(self.world.random.choice((0.1, 2.0, 30.0)))
        self.replica = self._new_replica()
        return True

    def _are_over(self) -> bool:
        return all(run.get("status", {}).get("phase") in DONE for run in self.server.list(RUNS))

    def _befall(self, fault: Fault) -> None:
        self.world.note(f"*** {fault.kind} {fault.index}")
        getattr(self, "_" + fault.kind.replace(" ", "_"))(fault.index)

    # --- what happens to Pods

    def _victim(self, index: int) -> Json | None:
        pods = [pod for pod in self.server.list("pods") if pod.get("status", {}).get("phase") not in DONE[:2]]
        return pods[index % len(pods)] if pods else None

    def _delete_pod(self, index: int) -> None:
        if pod := self._victim(index):
            self.server.delete("pods", NAMESPACE, pod["metadata"]["name"])

    def _force_delete(self, index: int) -> None:
        if pod := self._victim(index):
            self._delete(pod, 0)

    def _vanish(self, index: int) -> None:
        """Somebody removes a Pod's object for good, whatever holds it; often after a deletion that took too long."""
        if pod := self._victim(index):
            if self.leader:
                self.leader.missed(pod)
            elif not is_told(self.server, self.history, pod):
                self.history.forgotten.add(pod["metadata"]["uid"])
            self.history.unheld.add(pod["metadata"]["uid"])
            if index % 2:
                self._delete(pod, index)
            self._edit_pod(pod, {"finalizers": None})
            self._delete(pod, 0)

    def _delete(self, pod: Json, grace: int) -> None:
        with suppress(ApiError):  # it is gone
            self.server.delete("pods", NAMESPACE, pod["metadata"]["name"], {"gracePeriodSeconds": grace})

    def _evict(self, index: int) -> None:
        if pod := self._victim(index):
            self.kubelet.evict(pod)

    def _lose_node(self, index: int) -> None:
        if pod := self._victim(index):
            self.kubelet.lose_node(pod)

    def _unlabel(self, index: int) -> None:
        """Somebody takes the label off, or gives the Pod that of another run, which may be there or not."""
        if pod := self._victim(index):
            self._edit_pod(pod, {"labels": {"levada.dev/run": "run-1" if index == _RELABELLED else None}})

    def _disown(self, index: int) -> None:
        """Somebody takes the owner off a Pod, once the status tells of it: before that nothing proves whose it is."""
        if (pod := self._victim(index)) and is_told(self.server, self.history, pod):
            self._edit_pod(pod, {"ownerReferences": None})

    def _annotate(self, index: int) -> None:
        """Somebody edits what a Pod says of itself, or takes it off."""
        if pod := self._victim(index):
            self._edit_pod(pod, {"annotations": _EDITS[index % len(_EDITS)]})

    def _let_go(self, index: int) -> None:
        """Somebody takes our finalizer off."""
        if pods := self.server.list("pods"):
            pod = pods[index % len(pods)]
            self.history.unheld.add(pod["metadata"]["uid"])
            self._edit_pod(pod, {"$deleteFromPrimitiveList/finalizers": [RESULT_FINALIZER]}, kind="strategic")

    def _hold(self, index: int) -> None:
        """Somebody puts a finalizer on a Pod and takes it off much later."""
        pod = self._victim(index)
        if pod and "deletionTimestamp" not in pod["metadata"]:
            self._edit_pod(pod, {"finalizers": [*pod["metadata"].get("finalizers", []), _OTHERS]})
            off = {"$deleteFromPrimitiveList/finalizers": [_OTHERS]}
            self.world.after(10.0 * index, lambda: self._edit_pod(pod, off, kind="strategic"))

    def _edit_pod(self, pod: Json, changes: Json, kind: str = "merge") -> None:
        with suppress(ApiError):  # it is gone
            self.server.patch("pods", NAMESPACE, pod["metadata"]["name"], {"metadata": changes}, kind=kind)

    def _delete_ended_pod(self, index: int) -> None:
        if pods := self.server.list("pods"):
            self.server.delete("pods", NAMESPACE, pods[index % len(pods)]["metadata"]["name"])

    def _break_agent(self, index: int) -> None:
        if pod := self._victim(index):
            self.kubelet.broken_agents.add(pod["metadata"]["uid"])

    def _lose_outputs(self, index: int) -> None:
        """Only of a first attempt: it costs the whole work, and is free once."""
        pod = self._victim(index)
        which = self.history.task_of(pod) if pod else None
        if pod and which and which[2] == 0:
            self.kubelet.lost_outputs.add(pod["metadata"]["uid"])

    def _forge_pod(self, index: int) -> None:
        """Somebody's Pod that looks like the result of one of our tasks."""
        run = next(iter(self.scenario.runs))
        tasks = self.scenario.runs[run]
        annotations = {"levada.dev/task": tasks[index % len(tasks)].name, "levada.dev/attempt": "0"}
        if "pods" in self.server.quota:
            return
        metadata = {"name": f"forged-{self.world.now}", "labels": {"levada.dev/run": run}, "annotations": annotations}
        made = self.server.create("pods", NAMESPACE, {"metadata": metadata, "spec": {"nodeName": "n1"}})
        ended = {"name": "main", "state": {"terminated": {"exitCode": 0, "message": "666"}}}
        status = {"phase": "Succeeded", "containerStatuses": [ended]}
        self.server.update("pods", made["metadata"]["uid"], lambda pod: pod | {"status": status})

    # --- what happens to runs and to what is around

    def _edit_run(self, index: int) -> None:
        runs = self.server.list(RUNS)
        if runs:
            body = {"metadata": {"labels": {"edited": f"{self.world.now:.2f}"}}}
            self.server.patch(RUNS, NAMESPACE, runs[index % len(runs)]["metadata"]["name"], body, kind="merge")

    def _delete_run(self, index: int) -> None:
        runs = self.server.list(RUNS)
        if runs:
            self.server.delete(RUNS, NAMESPACE, runs[index % len(runs)]["metadata"]["name"])

    def _orphan_run(self, index: int) -> None:
        """`kubectl delete --cascade=orphan`."""
        runs = self.server.list(RUNS)
        if runs:
            run = runs[index % len(runs)]["metadata"]
            for item in [item for item in self.server.objects.values() if run["uid"] in owners(item)]:
                plural = next(plural for plural, kind in KINDS.items() if kind == item["kind"])
                body = {"metadata": {"ownerReferences": None}}
                self.server.patch(plural, NAMESPACE, item["metadata"]["name"], body, kind="merge")
            self.server.delete(RUNS, NAMESPACE, run["name"])

    def _replace_run(self, index: int) -> None:
        """Delete a run and apply it again."""
        runs = self.server.list(RUNS)
        if runs:
            run = runs[index % len(runs)]
            self._delete_run(index)
            self.world.soon(0.0, 5.0, partial(self._apply, run["metadata"]["name"]))

    def _apply(self, name: str) -> None:
        if (RUNS, NAMESPACE, name) not in self.server.objects:
            body = {"apiVersion": "levada.dev/v1alpha1", "metadata": {"name": name}}
            self.server.create(RUNS, NAMESPACE, body | {"spec": run_spec(self.scenario.runs[name])})

    def _cut_watch(self, index: int) -> None:
        if self.leader:
            self.leader.cut(1.0 + index, index)

    def _lose_watch(self, index: int) -> None:
        if self.leader:
            self.leader.lose_watch(1.0 + index)

    def _store_away(self, index: int) -> None:
        self.trouble.store_until = self.world.now + 10.0 * index

    def _quota(self, index: int) -> None:
        plural = ("pods", "configmaps")[index % 2]
        self.server.quota.add(plural)
        self.world.after(3.0 * index, lambda: self.server.quota.discard(plural))

    def _stay_away(self, index: int) -> None:
        """Killed between two requests."""
        if self.replica.is_alive:
            with suppress(CrashError):
                self.replica.crash()


def played(plays: Iterable[Play]) -> Iterator[tuple[Scenario, History]]:
    """Play each to its end."""
    playing: list[Play] = [Play(Scenario(0, {}))]

    def current() -> World:
        return playing[0].world

    with in_virtual_time(current), asyncio.Runner(loop_factory=lambda: VirtualLoop(current)) as runner:
        for play in plays:
            playing[:] = [play]
            # Not `run`: for each it hands SIGINT to a handler that has the whole history before put into words.
            yield play.scenario, runner.get_loop().run_until_complete(play.run())
