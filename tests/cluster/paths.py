"""Where the cluster keeps things, and the few addresses it uses."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
VENV = REPO / ".venv"
WITH_TESTS = {"PYTHONPATH": str(REPO / "tests")}
"""In the environment of a program of its own: it finds the modules of the tests."""
CACHE = Path(os.environ.get("LEVADA_CACHE") or "~/.cache/levada").expanduser()

NUMBER = int(os.environ.get("LEVADA_CLUSTER") or 0)
"""Which of the machine's clusters this is: those at work side by side have different numbers below 60."""
_NUMBERED = f"-{NUMBER}" if NUMBER else ""

STATE = REPO / f".cluster{_NUMBERED}"
LOGS = STATE / "logs"
AUDIT_LOG = LOGS / "audit.log"
KUBECONFIG = STATE / "kubeconfig"

# What must not outlive the machine's boot: pid records and sockets. One folder for each cluster of the machine; it is
# short because a socket's path must stay below 108 characters wherever the checkout is.
RUN = Path(f"/run/levada{_NUMBERED}")
CONTAINERD_SOCKET = RUN / "containerd.sock"

NETNS = f"levada{_NUMBERED}"
CONTROL_GROUP = f"/levada{_NUMBERED}" if NUMBER else "/"
NODE = "n1"
HOST_IP = f"10.89.0.{4 * NUMBER + 2}"
NODE_IP = f"10.89.0.{4 * NUMBER + 1}"
LINK_PREFIX = 30
POD_CIDR = "10.88.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
KUBERNETES_SERVICE_IP = "10.96.0.1"
API_SERVER = f"https://{NODE_IP}:6443"


def may_install() -> bool:
    """Nothing is installed on a person's machine, and no other checkout's cluster is ended, without being asked to."""
    return bool(os.environ.get("CI") or os.environ.get("LEVADA_INSTALL") == "1")
