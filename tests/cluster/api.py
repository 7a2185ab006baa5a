"""The few requests that starting the cluster needs, without any client library."""

import json
import ssl
import urllib.error
import urllib.request

from cluster.certificates import PKI
from cluster.paths import API_SERVER, KUBECONFIG

_NOT_FOUND = 404


def get(path: str) -> dict | None:
    """A JSON answer, or None where there is no such object."""
    try:
        return json.loads(_get(path))
    except urllib.error.HTTPError as error:
        if error.code == _NOT_FOUND:
            return None
        raise


def is_ready() -> bool:
    return KUBECONFIG.exists() and _get("/readyz") == b"ok"


def _get(path: str) -> bytes:
    token = json.loads(KUBECONFIG.read_text())["users"][0]["user"]["token"]
    request = urllib.request.Request(API_SERVER + path, headers={"Authorization": f"Bearer {token}"})
    context = ssl.create_default_context(cafile=PKI / "ca.crt")
    with urllib.request.urlopen(request, timeout=5, context=context) as response:
        return response.read()
