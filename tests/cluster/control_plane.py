"""etcd, API server, controller manager, scheduler."""

import json
from pathlib import Path

from cluster import api, processes
from cluster.binaries import program
from cluster.certificates import PKI, TOKENS, kubeconfig
from cluster.paths import AUDIT_LOG, NODE_IP, POD_CIDR, SERVICE_CIDR, STATE

# In the order of starting; stopping goes the other way.
NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
ETCD = "http://127.0.0.1:2379"
# The benchmarks measure Levada, not the clients' own default rate limits.
_FAST_CLIENT = ("--kube-api-qps=500", "--kube-api-burst=1000")
# Who asked for what, without bodies; of the operator alone: the tests compare it with what its role lets it do.
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": ["system:serviceaccount:levada-system:levada"]}, {"level": "None"}],
}
UNAUDITED = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "None"}]}


def start() -> None:
    """Start what of it does not run."""
    start_server(_AUDIT_POLICY)
    processes.start("kube-controller-manager", [program("kube-controller-manager"), *_controller_manager()])
    processes.start("kube-scheduler", [program("kube-scheduler"), *_scheduler()])


def start_server(audit_policy: dict) -> None:
    """etcd and the API server by themselves."""
    processes.start("etcd", [program("etcd"), *_etcd()])
    _audit_policy().write_text(json.dumps(audit_policy))
    processes.start("kube-apiserver", [program("kube-apiserver"), *_api_server()])
    processes.wait_ready("kube-apiserver", api.is_ready)


def is_up() -> bool:
    try:
        return all(processes.pid_of(name) for name in NAMES) and api.is_ready()
    except OSError:
        return False


def _audit_policy() -> Path:
    return STATE / "audit-policy.json"


def _etcd() -> list[str]:
    return [
        f"--data-dir={STATE / 'etcd'}",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",  # a test cluster may lose its state with the machine's power
        "--quota-backend-bytes=4294967296",
        "--auto-compaction-retention=5m",
        "--log-level=warn",
    ]


def _api_server() -> list[str]:
    return [
        f"--etcd-servers={ETCD}",
        "--bind-address=0.0.0.0",
        f"--advertise-address={NODE_IP}",
        "--secure-port=6443",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--token-auth-file={TOKENS}",
        f"--client-ca-file={PKI / 'ca.crt'}",
        f"--tls-cert-file={PKI / 'apiserver.crt'}",
        f"--tls-private-key-file={PKI / 'apiserver.key'}",
        f"--kubelet-client-certificate={PKI / 'kubelet-client.crt'}",
        f"--kubelet-client-key={PKI / 'kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={PKI / 'service-account.key'}",
        f"--service-account-signing-key-file={PKI / 'service-account.key'}",
        f"--audit-policy-file={_audit_policy()}",
        f"--audit-log-path={AUDIT_LOG}",
        "--audit-log-maxsize=200",
        "--audit-log-maxbackup=1",
    ]


def _controller_manager() -> list[str]:
    return [
        f"--kubeconfig={kubeconfig('controller-manager')}",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={PKI / 'service-account.key'}",
        f"--root-ca-file={PKI / 'ca.crt'}",
        f"--cluster-cidr={POD_CIDR}",
        *_FAST_CLIENT,
    ]


def _scheduler() -> list[str]:
    return [f"--kubeconfig={kubeconfig('scheduler')}", "--leader-elect=false", *_FAST_CLIENT]
