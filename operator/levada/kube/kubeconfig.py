"""Kubeconfig files with all that may stand in them (exec plugins, OIDC), as the `kubernetes` package reads them."""

import asyncio
import ssl
import tempfile

from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config import ConfigException, load_kube_config

from levada.kube.credentials import Credentials, CredentialsError


async def load(path: str, context: str | None) -> Credentials:
    """Read the kubeconfig at `path`; see `credentials.load`.

    Raises
    ------
    CredentialsError
        When it is not there or wrong.
    """
    configuration = Configuration()
    try:
        await load_kube_config(  # type: ignore[no-untyped-call]
            config_file=path,
            context=context,
            client_configuration=configuration,
            persist_config=False,
            temp_file_path=tempfile.gettempdir(),
        )
        tls = await asyncio.to_thread(_tls, configuration)
    except (ConfigException, OSError, ssl.SSLError) as error:
        raise CredentialsError(f"cannot load Kubernetes credentials from {path}: {error}") from error

    async def authorization() -> str | None:
        token = await configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token is not None:
            return str(token).strip()
        return str(configuration.get_basic_auth_token()) if configuration.username else None

    return Credentials(
        str(configuration.host).rstrip("/"),
        authorization,
        tls,
        configuration.tls_server_name,
        configuration.proxy,
        configuration.ssl_ca_cert,
        configuration.cert_file,
        configuration.key_file,
        verify=bool(configuration.verify_ssl),
    )


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
