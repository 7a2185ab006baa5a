"""The cluster's certificates, keys and kubeconfig files."""

import json
import secrets
from pathlib import Path

from cluster.paths import API_SERVER, KUBECONFIG, KUBERNETES_SERVICE_IP, NODE, NODE_IP, STATE
from cluster.shell import run

PKI = STATE / "pki"
TOKENS = PKI / "tokens.csv"
_DAYS = "3650"
_EXTENSIONS = {
    "apiserver": "subjectAltName=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
    f"DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:{NODE_IP},IP:{KUBERNETES_SERVICE_IP}\n"
    "extendedKeyUsage=serverAuth\n",
    "kubelet-client": "extendedKeyUsage=clientAuth\n",
}
_SUBJECTS = {
    "apiserver": "/CN=kube-apiserver",
    # The API server's own identity towards the kubelet: without the group, `kubectl logs` is refused.
    "kubelet-client": "/O=system:masters/CN=kube-apiserver-kubelet-client",
}
# user name in the cluster, and its groups
_USERS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "node": (f"system:node:{NODE}", "system:nodes"),
}


def make() -> None:
    """Make what is missing; a second call changes nothing."""
    if TOKENS.exists():
        return
    PKI.mkdir(parents=True, exist_ok=True)
    PKI.chmod(0o700)
    _key("ca")
    run(
        "openssl", "req", "-x509", "-new", "-key", PKI / "ca.key", "-subj", "/CN=levada-test", "-days", _DAYS,
        "-out", PKI / "ca.crt",
    )  # fmt: skip
    for name in _SUBJECTS:
        _certificate(name)
    _key("service-account")
    _tokens()


def kubeconfig(user: str) -> Path:
    return KUBECONFIG if user == "admin" else PKI / f"{user}.kubeconfig"


def _key(name: str) -> None:
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", PKI / f"{name}.key")


def _certificate(name: str) -> None:
    _key(name)
    request, extensions = PKI / f"{name}.csr", PKI / f"{name}.ext"
    extensions.write_text(_EXTENSIONS[name])
    run("openssl", "req", "-new", "-key", PKI / f"{name}.key", "-subj", _SUBJECTS[name], "-out", request)
    run(
        "openssl", "x509", "-req", "-in", request, "-CA", PKI / "ca.crt", "-CAkey", PKI / "ca.key", "-CAcreateserial",
        "-days", _DAYS, "-extfile", extensions, "-out", PKI / f"{name}.crt",
    )  # fmt: skip


def _tokens() -> None:
    lines = []
    for user, (name, groups) in _USERS.items():
        token = secrets.token_hex(16)
        lines.append(f'{token},{name},{name},"{groups}"' if groups else f"{token},{name},{name}")
        _write_private(kubeconfig(user), json.dumps(_kubeconfig(user, token), indent=1))
    _write_private(TOKENS, "\n".join(lines) + "\n")


def _kubeconfig(user: str, token: str) -> dict:
    # JSON is YAML: kubectl and every client read it. The CA goes in by value, so that the file can be copied.
    authority = run("openssl", "base64", "-A", "-in", PKI / "ca.crt")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "levada", "cluster": {"server": API_SERVER, "certificate-authority-data": authority}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "levada", "context": {"cluster": "levada", "user": user}}],
        "current-context": "levada",
    }


def _write_private(path: Path, text: str) -> None:
    path.touch()
    path.chmod(0o600)
    path.write_text(text)
