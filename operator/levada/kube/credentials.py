"""Where the API server is and who we are to it, as the `kubernetes` package reads it from the usual places."""

import asyncio
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config


class CredentialsError(Exception):
    """No usable kubeconfig and not in a cluster."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One way into the API server.

    Attributes
    ----------
    server
        Its base URL, without a slash at the end.
    configuration
        What the `kubernetes` package loaded: certificate files, proxy, TLS switches.
    tls
        The context for requests; None for plain http.
    """

    server: str
    configuration: Configuration
    tls: ssl.SSLContext | None

    async def authorization(self) -> str | None:
        """Value of the Authorization header; an in-cluster token is read again from its file every minute."""
        configuration = self.configuration
        token = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token is not None:
            return str(token).strip()
        if configuration.username:
            return str(configuration.get_basic_auth_token())
        return None


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
    configuration = Configuration()
    path = kubeconfig or os.environ.get("KUBECONFIG")
    try:
        if not path and "KUBERNETES_SERVICE_HOST" in os.environ:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            path = path or str(Path.home() / ".kube" / "config")
            await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=path,
                context=context,
                client_configuration=configuration,
                persist_config=False,
                temp_file_path=tempfile.gettempdir(),
            )
        tls = await asyncio.to_thread(_tls, configuration)
    except (ConfigException, OSError, ssl.SSLError) as error:
        where = f"from {path}" if path else "from the Pod's service account"
        raise CredentialsError(f"cannot load Kubernetes credentials {where}: {error}") from error
    return Credentials(str(configuration.host).rstrip("/"), configuration, tls)


def _tls(configuration: Configuration) -> ssl.SSLContext | None:
    """The TLS context, as the `kubernetes` package's own rest client makes it."""
    if not str(configuration.host).startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert, cadata=configuration.ca_cert_data)
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
