"""The API server of the benchmarks: nobody but the fake kubelet and who is measured writes to it.

There is no controller manager: what it would do for a namespace and after a run is done here.
"""

import base64
import json
from pathlib import Path

from cluster import lifecycle, processes, store
from cluster.certificates import PKI
from cluster.kubectl import Kubectl
from cluster.paths import API_SERVER, KUBECONFIG, NODE_IP, REPO, STATE

NAMESPACE = "bench"
OPERATOR_NAMESPACE = "levada-system"
IDENTITY = STATE / "operator-identity"
"""As the kubelet mounts a service account into a Pod: `ca.crt` and `token`."""
CLIENT_KUBECONFIG = STATE / "client.kubeconfig"
"""Of the same service account: the ideal client has no other rights, and no other queue in the server."""
STORE_SETTINGS = STATE / "store-texts.json"
SERVER_ADDRESS = {"KUBERNETES_SERVICE_HOST": NODE_IP, "KUBERNETES_SERVICE_PORT": API_SERVER.rpartition(":")[2]}

COLLECTIONS = (
    f"/api/v1/namespaces/{NAMESPACE}/pods",
    f"/apis/levada.dev/v1alpha1/namespaces/{NAMESPACE}/pipelineruns",
    f"/apis/levada.dev/v1alpha1/namespaces/{NAMESPACE}/pipelines",
    f"/apis/levada.dev/v1alpha1/namespaces/{NAMESPACE}/components",
    f"/api/v1/namespaces/{NAMESPACE}/configmaps",
    f"/api/v1/namespaces/{NAMESPACE}/secrets",
    f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events",
)
"""What the benchmarks and their runs leave in the namespace; Pods first."""


def up() -> None:
    """A new server with Levada's kinds and rights and one namespace with a store."""
    lifecycle.server_up()
    kubectl = Kubectl(KUBECONFIG)
    kubectl("apply", "--server-side", "-f", REPO / "manifests" / "install.yaml")
    kubectl("wait", "--for=condition=Established", "crd", "--all")
    for namespace in (NAMESPACE, OPERATOR_NAMESPACE):
        if namespace == NAMESPACE:
            kubectl("create", "namespace", namespace)
        kubectl("create", "serviceaccount", "default", "-n", namespace)
    token = kubectl("create", "token", "levada", "-n", OPERATOR_NAMESPACE, "--duration=24h").strip()
    _write_identity(token)
    STORE_SETTINGS.write_text(json.dumps(store.texts(store.settings())))


def down() -> None:
    lifecycle.down()


def server_pids() -> list[int]:
    """The processes of the server, etcd's included."""
    return [pid for name in ("etcd", "kube-apiserver") if (pid := processes.pid_of(name))]


def _write_identity(token: str) -> None:
    IDENTITY.mkdir(exist_ok=True)
    certificate = (PKI / "ca.crt").read_bytes()
    _write(IDENTITY / "ca.crt", certificate)
    _write(IDENTITY / "token", token.encode())
    cluster = {"server": API_SERVER, "certificate-authority-data": base64.b64encode(certificate).decode()}
    config = {"clusters": [{"cluster": cluster}], "users": [{"user": {"token": token}}]}
    _write(CLIENT_KUBECONFIG, json.dumps(config).encode())


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
