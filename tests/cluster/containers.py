"""A containerd of our own: its folders and socket are ours, so one that the machine uses already is never touched."""

import shutil
import subprocess
from pathlib import Path

from cluster import processes
from cluster.paths import CONTAINERD_SOCKET, POD_CIDR, RUN, STATE
from cluster.progress import until
from cluster.shell import run

NAME = "containerd"
PAUSE_IMAGE = "docker.io/library/levada-pause:test"
_NAMESPACE = "k8s.io"  # where the kubelet looks for images
_CNI = STATE / "cni"

_CONFIG = """\
version = 2
root = "{root}"
state = "{state}"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE runc cannot lower a score, and says "can't get final child's PID from pipe: EOF".
  restrict_oom_score_adj = true
  # Pods' network namespaces below our own folder: what is left of a killed cluster can be told from others'.
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
"""
# ptp routes every packet between Pods through the node; on a bridge the answers of a service's Pod would take the short
# way past kube-proxy's address translation wherever the kernel lacks br_netfilter.
_NETWORK = """\
{{"cniVersion": "0.4.0", "name": "levada", "plugins": [
  {{"type": "ptp", "ipMasq": false,
    "ipam": {{"type": "host-local", "ranges": [[{{"subnet": "{pods}"}}]],
      "routes": [{{"dst": "0.0.0.0/0"}}], "dataDir": "{data}"}}}},
  {{"type": "portmap", "capabilities": {{"portMappings": true}}}}
]}}
"""


def start() -> None:
    _CNI.mkdir(parents=True, exist_ok=True)
    RUN.mkdir(parents=True, exist_ok=True)
    (_CNI / "10-levada.conflist").write_text(_NETWORK.format(pods=POD_CIDR, data=STATE / "cni-addresses"))
    config = STATE / "containerd.toml"
    config.write_text(
        _CONFIG.format(
            root=STATE / "containerd", state=RUN / "containerd", socket=CONTAINERD_SOCKET, pause=PAUSE_IMAGE, cni=_CNI
        )
    )
    processes.start(NAME, ["containerd", "--config", config])
    processes.wait_ready(NAME, is_up)


def is_up() -> bool:
    return bool(processes.pid_of(NAME)) and _answers("version")


def ctr(*arguments: str | Path) -> str:
    return run("ctr", "--address", CONTAINERD_SOCKET, "--namespace", _NAMESPACE, *arguments)


def image_names() -> set[str]:
    return set(ctr("images", "list", "-q").split())


def remove_all() -> None:
    """End and remove every container; the kubelet is stopped already, so none comes back."""
    if not is_up():
        return
    for task in ctr("tasks", "list", "-q").split():
        _try("tasks", "delete", "--force", task)  # --force kills first
    until(lambda: not ctr("tasks", "list", "-q").split(), "the end of all containers", 20)
    for container in ctr("containers", "list", "-q").split():
        _try("containers", "delete", container)


def forget_addresses() -> None:
    shutil.rmtree(STATE / "cni-addresses", ignore_errors=True)


def _answers(*arguments: str) -> bool:
    argv = ["ctr", "--address", str(CONTAINERD_SOCKET), "--connect-timeout", "2s", *arguments]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def _try(*arguments: str) -> None:
    argv = ["ctr", "--address", str(CONTAINERD_SOCKET), "--namespace", _NAMESPACE, *arguments]
    subprocess.run(argv, capture_output=True, check=False)  # one may have ended by itself meanwhile
