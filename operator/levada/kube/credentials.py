"""Where the API server is and who we are to it: from a kubeconfig, or from the service account of the Pod.

A Pod's service account is three files and two variables: they are read here. The `kubernetes` package, which reads
kubeconfigs, costs 10 MB of memory; the operator in its Pod never loads it (docs/adr/0001).
"""

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_LIFE = 60.0
"""Seconds after which a token is read again: the kubelet renews it long before it ends."""


class CredentialsError(Exception):
    """No usable kubeconfig and not in a cluster."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One way into the API server.

    Attributes
    ----------
    server
        Its base URL, without a slash at the end.
    authorization
        Gives the value of the Authorization header as it is now; None where there is none.
    tls
        The context for requests; None for plain http.
    tls_server_name
        The name in the server's certificate, where it is not that of its URL.
    proxy
        URL of the proxy; None for what the environment says.
    ca_file, certificate_file, key_file
        The files that `tls` was made from.
    verify
        Whether the server's certificate is checked.
    """

    server: str
    authorization: Callable[[], Awaitable[str | None]]
    tls: ssl.SSLContext | None
    tls_server_name: str | None = None
    proxy: str | None = None
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    verify: bool = True


async def load(kubeconfig: str | None = None, context: str | None = None) -> Credentials:
    """Read the credentials: the file named, `KUBECONFIG`, the Pod's service account, or `~/.kube/config`.

    Parameters
    ----------
    kubeconfig
        A kubeconfig file (or several, joined as in `KUBECONFIG`).
    context
        One of its contexts, instead of the current one.

    Raises
    ------
    CredentialsError
        When there are none, or the file is wrong.
    """
    path = kubeconfig or os.environ.get("KUBECONFIG")
    if not path and "KUBERNETES_SERVICE_HOST" in os.environ:
        return await asyncio.to_thread(of_service_account)
    from levada.kube import kubeconfig as files  # noqa: PLC0415  # not in a Pod

    return await files.load(path or str(Path.home() / ".kube" / "config"), context)


def of_service_account() -> Credentials:
    """The credentials that the kubelet mounts into every Pod with a service account.

    Raises
    ------
    CredentialsError
        When they are not there.
    """
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    certificate, token = SERVICE_ACCOUNT / "ca.crt", _Token(SERVICE_ACCOUNT / "token")
    try:
        token.read()
        tls = ssl.create_default_context(cafile=str(certificate))
    except (OSError, ssl.SSLError) as error:
        raise CredentialsError(f"cannot load Kubernetes credentials from the Pod's service account: {error}") from error
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Credentials(server, token.authorization, tls, ca_file=str(certificate))


class _Token:
    """A token file, read again every minute."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._value = ""
        self._at = float("-inf")

    def read(self) -> None:
        self._value = self._file.read_text().strip()
        self._at = time.monotonic()

    async def authorization(self) -> str | None:
        if time.monotonic() - self._at > _TOKEN_LIFE:
            await asyncio.to_thread(self.read)
        return f"Bearer {self._value}"
