"""The scheduler and the node: Pods are bound, run, end, are killed, evicted and lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from invariants.history import Containers, owners
from levada.planner.handoff import AgentError, OutputRecord, Report, encode_report
from simulation.apiserver import ApiServer, Json
from simulation.world import World

OOM = "oom"
DISRUPTION = {"type": "DisruptionTarget", "status": "True"}
_NOTICE = 8.0
"""Seconds that a node may take to see that a Pod is to go, or gone."""
_SEEN = 0.5
"""How often a deletion is seen before the containers are started, rather than after."""


class Kubelet:
    """Runs Pods as `scripts` says.

    Parameters
    ----------
    scripts
        By run and task: what the container does: its `seconds`, its `outputs` as texts, and its `exits`, of which each
        attempt has its own, and those after them the last.

    Attributes
    ----------
    broken_agents, lost_outputs
        UIDs of Pods whose agent cannot reach the store, or is killed while it uploads.
    """

    def __init__(self, world: World, server: ApiServer, scripts: Mapping[tuple[str, str], Json]) -> None:
        self.manifests: dict[str, dict[str, OutputRecord]] = {}
        self.broken_agents: set[str] = set()
        self.lost_outputs: set[str] = set()
        self._work_of: dict[str, tuple[str, str, int]] = {}
        self._world = world
        self._server = server
        self._scripts = scripts
        self._running: dict[str, Json] = {}
        self._ended: set[str] = set()
        server.listeners.append(self._hear)

    def _hear(self, plural: str, old: Json | None, new: Json | None) -> None:
        if plural != "pods":
            return
        if new is None:
            assert old is not None
            grace = old["spec"].get("terminationGracePeriodSeconds", 30)
            self._world.soon(0.1, grace + _NOTICE, lambda: self._kill(old["metadata"]["uid"]))
        elif old is None and owners(new) and (task := new["metadata"].get("annotations", {}).get("levada.dev/task")):
            metadata = new["metadata"]
            attempt = int(metadata["annotations"]["levada.dev/attempt"])
            self._work_of[metadata["uid"]] = metadata["ownerReferences"][0]["name"], task, attempt
            self._world.soon(0.01, 0.5, lambda: self._bind(new["metadata"]["uid"]))
        elif old and "deletionTimestamp" in new["metadata"] and "deletionTimestamp" not in old["metadata"]:
            grace = new["metadata"]["deletionGracePeriodSeconds"]
            self._world.soon(0.05, grace + 0.1, lambda: self._kill(new["metadata"]["uid"]))

    def _bind(self, uid: str) -> None:
        def bind(pod: Json) -> Json:
            if "deletionTimestamp" in pod["metadata"]:
                return pod
            return pod | {"spec": pod["spec"] | {"nodeName": "n1"}}

        pod = self._server.update("pods", uid, bind)
        if pod and pod["spec"].get("nodeName"):
            self._world.soon(0.1, 3.0, lambda: self._start(uid))

    def _start(self, uid: str) -> None:
        pod = self._server.by_uid("pods", uid)
        if pod is None or uid in self._ended:
            return
        if "deletionTimestamp" in pod["metadata"] and self._world.random.random() < _SEEN:
            return
        if "initContainers" in pod["spec"] and uid in self.broken_agents:
            report = encode_report(Report(error=AgentError("StoreUnavailable", "no answer"))).decode()
            gone = {"name": "agent", "state": {"terminated": {"exitCode": 1, "message": report}}}
            waiting = {"name": "main", "state": {"waiting": {"reason": "PodInitializing"}}}
            self._post(uid, {"containerStatuses": [waiting], "initContainerStatuses": [gone]})
            return
        self._running[uid] = pod
        started = self._world.stamp()
        self._world.record(Containers(self._world.now, pod, is_running=True))
        has_agent = "initContainers" in pod["spec"]
        self._say(uid, {"running": {"startedAt": started}}, {"running": {"startedAt": started}} if has_agent else None)
        script = self._script(pod)
        self._world.after(script["seconds"], lambda: self._end(uid, script["exit"]))

    def _end(self, uid: str, code: int | str) -> None:
        if uid not in self._running:
            return
        pod = self._running.pop(uid)
        self._ended.add(uid)
        self._world.record(Containers(self._world.now, pod, is_running=False))
        ended = {"exitCode": 137 if code == OOM else code, "finishedAt": self._world.stamp()}
        ended |= {"reason": "OOMKilled"} if code == OOM else {}
        outputs = self._script(pod)["outputs"]
        if code == 0 and "initContainers" not in pod["spec"]:
            ended["message"] = "".join(outputs.values())
        if "initContainers" in pod["spec"]:
            self._say(uid, {"terminated": ended}, {"running": {}})
            self._world.soon(0.1, 3.0, lambda: self._collected(uid, ended, outputs))
        else:
            self._say(uid, {"terminated": ended}, None)
            self._world.soon(0.5, 2.0, lambda: self._finish(uid, ended))

    def _collected(self, uid: str, ended: Json, outputs: Mapping[str, str]) -> None:
        records = {name: OutputRecord(text=text) for name, text in outputs.items()}
        report = encode_report(Report(manifest=uid, outputs=records)).decode()
        self.manifests[uid] = records
        if uid in self.lost_outputs:
            self._say(uid, {"terminated": ended}, {"terminated": {"exitCode": 137}})
            self._world.soon(0.5, 2.0, lambda: self._finish(uid, ended))
            return
        self._say(uid, {"terminated": ended}, {"terminated": {"exitCode": 0, "message": report}})
        self._world.soon(0.5, 2.0, lambda: self._finish(uid, ended))

    def _finish(self, uid: str, ended: Json) -> None:
        self._post(uid, {"phase": "Failed" if ended["exitCode"] else "Succeeded"})
        self._dismiss(uid)

    def _kill(self, uid: str) -> None:
        """Stop what runs of a Pod that is to go; once it is dead its deletion goes on."""
        if uid in self._running:
            self._end(uid, 143)
            return
        if uid in self._ended:
            self._world.soon(0.5, 2.0, lambda: self._dismiss(uid))
            return
        self._ended.add(uid)
        gone = {"exitCode": 137, "reason": "ContainerStatusUnknown"}
        pod = self._server.by_uid("pods", uid)
        if pod is not None and pod["spec"].get("nodeName"):
            self._say(uid, {"terminated": gone}, {"terminated": gone} if "initContainers" in pod["spec"] else None)
            self._post(uid, {"phase": "Failed"})
            self._dismiss(uid)

    def _dismiss(self, uid: str) -> None:
        pod = self._server.by_uid("pods", uid)
        if pod is not None and "deletionTimestamp" in pod["metadata"]:
            where = pod["metadata"]["namespace"], pod["metadata"]["name"]
            self._server.delete("pods", *where, {"gracePeriodSeconds": 0})

    def _script(self, pod: Json) -> Json:
        run, task, attempt = self._work_of[pod["metadata"]["uid"]]
        script = self._scripts[run, task]
        return script | {"exit": script["exits"][min(attempt, len(script["exits"]) - 1)]}

    # --- what befalls Pods

    def evict(self, pod: Json) -> None:
        """As a drain does."""
        uid = pod["metadata"]["uid"]
        self._post(uid, {"conditions": [DISRUPTION | {"reason": "EvictionByEvictionAPI", "message": "drained"}]})
        self._server.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def lose_node(self, pod: Json) -> None:
        """The node is gone with all that ran there; the control plane finds out a minute later."""
        uid = pod["metadata"]["uid"]
        if not pod["spec"].get("nodeName"):
            return
        self._ended.add(uid)
        if running := self._running.pop(uid, None):
            self._world.record(Containers(self._world.now, running, is_running=False))

        def collect() -> None:
            lost = DISRUPTION | {"reason": "DeletionByPodGC", "message": "node not found"}
            self._post(uid, {"phase": "Failed", "conditions": [lost]})
            found = self._server.by_uid("pods", uid)
            if found:
                where = found["metadata"]["namespace"], found["metadata"]["name"]
                self._server.delete("pods", *where, {"gracePeriodSeconds": 0})

        if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            self._world.soon(20.0, 90.0, collect)

    def _say(self, uid: str, main: Json, agent: Json | None) -> None:
        status: dict[str, Any] = {"containerStatuses": [{"name": "main", "state": main}]}
        status |= {"initContainerStatuses": [{"name": "agent", "state": agent}]} if agent else {}
        self._post(uid, status | ({"phase": "Running"} if "running" in main else {}))

    def _post(self, uid: str, status: Json) -> None:
        def change(pod: Json) -> Json:
            if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
                status.pop("phase", None)
            return pod | {"status": pod.get("status", {}) | status}

        self._server.update("pods", uid, change)
