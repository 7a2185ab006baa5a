"""The one node: kubelet and kube-proxy."""

import json
from pathlib import Path

from cluster import api, processes
from cluster.binaries import program
from cluster.certificates import PKI, kubeconfig
from cluster.paths import CONTAINERD_SOCKET, CONTROL_GROUP, NODE, NODE_IP, POD_CIDR, STATE
from cluster.progress import ClusterError

NAMES = ("kube-proxy", "kubelet")
_KUBELET = STATE / "kubelet"


def start() -> None:
    _refuse_strange_kubelet()
    _make_control_groups()
    processes.start("kube-proxy", [program("kube-proxy"), *_proxy()])
    config = STATE / "kubelet.json"
    config.write_text(json.dumps(_kubelet_config(), indent=1))
    # The machine's own resolvers may be private hosts that no Pod shall ask.
    (STATE / "resolv.conf").write_text("")
    processes.start("kubelet", [program("kubelet"), *_kubelet(config)])
    processes.wait_ready("kubelet", is_ready, timeout=90)


def is_up() -> bool:
    try:
        return all(processes.pid_of(name) for name in NAMES) and is_ready()
    except OSError:
        return False


def is_ready() -> bool:
    """The node takes Pods, and the first namespace has the ServiceAccount that Pods need."""
    node = api.get(f"/api/v1/nodes/{NODE}") or {}
    conditions = node.get("status", {}).get("conditions", [])
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    tainted = node.get("spec", {}).get("taints", [])
    return ready and not tainted and api.get("/api/v1/namespaces/default/serviceaccounts/default") is not None


def _refuse_strange_kubelet() -> None:
    """Two kubelets in one control group remove each other's Pods; only our own clusters are known to keep apart."""
    ours = processes.pids_of_all_clusters("kubelet")
    for name in Path("/proc").glob("[0-9]*/comm"):
        pid = int(name.parent.name)
        try:
            is_kubelet = name.read_text().strip() == "kubelet"
        except (FileNotFoundError, ProcessLookupError):
            continue
        # One of ours that has just ended is still listed until whoever started it asks.
        if is_kubelet and pid not in ours and processes.is_alive(pid):
            raise ClusterError(
                f"A kubelet that is not ours runs here (pid {pid}). Use that cluster: LEVADA_TEST_KUBECONFIG=path"
            )


def control_groups() -> list[Path]:
    """The cluster's own group under every controller (cgroup v1), or the one of all (v2)."""
    top = Path("/sys/fs/cgroup")
    hierarchies = [top] if (top / "cgroup.controllers").exists() else [path for path in top.iterdir() if path.is_dir()]
    return [hierarchy / CONTROL_GROUP.lstrip("/") for hierarchy in hierarchies]


def _make_control_groups() -> None:
    """The kubelet wants its group to be there."""
    for group in control_groups():
        group.mkdir(exist_ok=True)
        for limit in ("cpuset.cpus", "cpuset.mems"):
            if CONTROL_GROUP != "/" and (group / limit).exists():
                # A new group of cgroup v1 starts with none, and takes no process then.
                (group / limit).write_text((group.parent / limit).read_text())


def _kubelet(config: Path) -> list[str]:
    return [
        f"--config={config}",
        f"--kubeconfig={kubeconfig('node')}",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_IP}",
        f"--root-dir={_KUBELET}",
    ]


def _kubelet_config() -> dict:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": str(PKI / "ca.crt")}},
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": CONTROL_GROUP,
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],
        "podLogsDir": str(STATE / "pod-logs"),
        "resolvConf": str(STATE / "resolv.conf"),
        # Nobody listens there: a name fails at once instead of after a time-out. The tests use addresses.
        "clusterDNS": [NODE_IP],
        "clusterDomain": "cluster.local",
        "maxPods": 250,
        "serializeImagePulls": False,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
        # An image that the kubelet removes cannot be pulled again: there is no registry.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        # A developer's disk may be nearly full: that is no reason to evict.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
    }


def _proxy() -> list[str]:
    return [
        f"--kubeconfig={kubeconfig('proxy')}",
        f"--hostname-override={NODE}",
        "--proxy-mode=nftables",
        f"--cluster-cidr={POD_CIDR}",
        # The machine's own connection table is shared and may not be ours to size.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
    ]
