"""The operator as Helm installed it, and the harm that tests do to it."""

import os
import signal
from pathlib import Path

_PODS = ("-n", "levada-system", "pods", "-l", "app.kubernetes.io/component=operator")
_PROGRAM = b"levada.handlers"


class Operator:
    """Levada's Deployment."""

    def __init__(self, kubectl):
        self._kubectl = kubectl

    def kill(self):
        """SIGKILL in the middle of whatever it does; a new Pod follows at once, without a restart's back-off."""
        for pod in self.pods():
            for pid in _processes(pod["metadata"]["uid"]):
                os.kill(pid, signal.SIGKILL)
        # On a cluster elsewhere this alone has to do: the kubelet gives a force-deleted Pod hardly any time.
        self._kubectl("delete", *_PODS, "--force", "--grace-period=0")

    def scale(self, replicas):
        self._kubectl("-n", "levada-system", "scale", "deployment/levada", f"--replicas={replicas}")
        if replicas:
            self.ready()
        else:
            self._kubectl("wait", *_PODS, "--for=delete", "--timeout=60s")

    def ready(self):
        self._kubectl("-n", "levada-system", "rollout", "status", "deployment/levada", "--timeout=120s")

    def pods(self):
        return self._kubectl.json("get", *_PODS)["items"]

    def uids(self):
        return {pod["metadata"]["uid"] for pod in self.pods()}

    def logs(self, *options):
        """What the Pods that run now have said; what one said that a test has killed is gone with it."""
        self.ready()
        return self._kubectl("logs", *(part for part in _PODS if part != "pods"), "--tail=-1", *options)

    def http(self, path):
        """What its port answers, asked through the API server."""
        self.ready()
        name = next(pod["metadata"]["name"] for pod in self.pods() if "deletionTimestamp" not in pod["metadata"])
        return self._kubectl("get", "--raw", f"/api/v1/namespaces/levada-system/pods/{name}:8080/proxy/{path}")


def _processes(pod_uid):
    """The operator's processes in that Pod, as far as they run on this machine."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            ours = pod_uid in (folder / "cgroup").read_text() and _PROGRAM in (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended
        if ours:
            yield int(folder.name)
