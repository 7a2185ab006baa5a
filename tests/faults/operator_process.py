"""The operator as a process of this machine that reaches the API server through the proxy, as its ServiceAccount."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from cluster.kubectl import Kubectl
from faults.proxy import Proxy

_HOME = "levada-system"
_GRACE = 20.0


class OperatorProcess:
    """One process at a time, for one namespace.

    Parameters
    ----------
    kubectl, proxy
        The cluster, and the way to it.
    namespace
        Where it works.
    folder
        For its kubeconfig and its log.
    """

    def __init__(self, kubectl: Kubectl, proxy: Proxy, namespace: str, folder: Path) -> None:
        self._kubectl = kubectl
        self._namespace = namespace
        self._kubeconfig, self.log = folder / "kubeconfig", folder / "operator.log"
        self._process: subprocess.Popen | None = None
        token = kubectl("create", "token", "levada", "-n", _HOME, "--duration=2h").strip()
        self._kubeconfig.write_text(yaml.safe_dump(_kubeconfig(proxy.url, token)))

    def start(self, **more: str) -> None:
        """Start it, with `more` in its environment. The lease of the one before would only be waited for."""
        self._kubectl("delete", "lease", "levada", "-n", _HOME, "--ignore-not-found")
        settings = {
            "KUBECONFIG": str(self._kubeconfig),
            "LEVADA_AGENT_IMAGE": "levada:test",
            "LEVADA_NAMESPACES": self._namespace,
            "LEVADA_HTTP_PORT": "0",
            "POD_NAMESPACE": _HOME,
            "POD_NAME": "faults",
        }
        with self.log.open("ab") as log:
            argv = [sys.executable, "-m", "levada.handlers"]
            self._process = subprocess.Popen(argv, env=os.environ | settings | more, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it in good order."""
        if self.is_alive():
            assert self._process is not None
            os.kill(self.pid, signal.SIGCONT)
            self._process.terminate()
            self._process.wait(_GRACE)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(_GRACE)


def _kubeconfig(server: str, token: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "proxy",
        "clusters": [{"name": "proxy", "cluster": {"server": server}}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "levada"}}],
        "users": [{"name": "levada", "user": {"token": token}}],
    }
