"""Levada as it is installed: by Helm, by kubectl, or not at all."""

import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from cluster import install
from cluster.kubectl import Kubectl
from cluster.operator_process import pid_in_pod
from cluster.paths import KUBECONFIG, VENV
from cluster.waiting import WaitFor

NAMESPACE = install.NAMESPACE
OPERATOR = "app.kubernetes.io/component=operator"


@dataclass
class Release:
    """`state` is with which settings it is installed, where that is known."""

    kubectl: Kubectl
    state: tuple[str, ...] | None = field(default=None)

    def upgrade(self, *settings: str, chart: Path = install.CHART) -> None:
        """`helm upgrade --install` with the cluster's values and these `name=value` on top."""
        self.state = settings if chart == install.CHART else None
        arguments = [part for setting in settings for part in ("--set", setting)]
        install.upgrade(*arguments, chart=chart)
        self.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/levada", "--timeout=180s", timeout=200)

    def uninstall(self) -> None:
        self.state = None
        install.helm("uninstall", "levada", "--ignore-not-found", "--namespace", NAMESPACE, "--wait", "--timeout", "3m")

    def settle(self, *settings: str) -> None:
        """Without settings: as `make cluster-up` leaves it."""
        if self.state != settings:
            self.upgrade(*settings)

    def replicas(self) -> set[str]:
        """The names of the operator's Pods that are not ending."""
        pods = self.kubectl.json("-n", NAMESPACE, "get", "pods", "-l", OPERATOR)["items"]
        return {pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"]}

    def leader(self) -> str:
        """The Pod whose process holds the lease; empty when nobody does."""
        return self.holder().rpartition("_")[0]

    def holder(self) -> str:
        lease = self.kubectl.json("-n", NAMESPACE, "get", "lease", "levada")
        return lease["spec"].get("holderIdentity") or ""

    def led(self, by: set[str] | None = None) -> str:
        """Wait for a leader, one of `by` where given, and say which it is."""

        def found() -> str:
            leader = self.leader()
            return leader if leader in (by if by is not None else self.replicas()) else ""

        return WaitFor(self.kubectl, NAMESPACE)(found, "a leader", 90)

    def signal(self, pod: str, number: signal.Signals) -> None:
        """Send a signal to the operator's process in `pod`, from outside of its container."""
        uid = self.kubectl("-n", NAMESPACE, "get", "pod", pod, "-o", "jsonpath={.metadata.uid}")
        os.kill(pid_in_pod(uid), number)


def run_levada(*arguments: str) -> str:
    """The program `levada`, as a person calls it."""
    environment = {**os.environ, "KUBECONFIG": str(KUBECONFIG)}
    done = subprocess.run(
        [VENV / "bin" / "levada", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"levada {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def held(kubectl: Kubectl) -> list[str]:
    """Every Pod in the cluster that could not be deleted if there were no operator."""
    pods = kubectl.json("get", "pods", "-A", "-l", "levada.dev/run")["items"]
    return [pod["metadata"]["name"] for pod in pods if "levada.dev/result" in pod["metadata"].get("finalizers", [])]
