"""Commands that talk to a cluster: one connection, and its failures in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from levada.cli.exits import CommandError, Exit
from levada.kube.client import Api, connect
from levada.kube.credentials import CredentialsError
from levada.kube.errors import ApiError, ApiUnreachableError

Result = TypeVar("Result")

_NO_ANSWER_BELOW = 500
_UNAUTHORIZED = 401


def with_cluster(
    work: Callable[[Api], Awaitable[Result]], kubeconfig: str | None = None, context: str | None = None
) -> Result:
    """What `work` returns, given a connection to the cluster.

    Raises
    ------
    CommandError
        With exit code 4 when the cluster cannot be reached, 2 when it refuses.
    """

    async def connected() -> Result:
        async with connect(kubeconfig, context) as api:
            return await work(api)

    try:
        return asyncio.run(connected())
    except (CredentialsError, ApiUnreachableError) as error:
        raise CommandError(f"the cluster cannot be reached: {error}", Exit.UNREACHABLE) from None
    except ApiError as error:
        unusable = error.status >= _NO_ANSWER_BELOW or error.status == _UNAUTHORIZED
        raise CommandError(
            f"the cluster refused: {error.message or error.reason}", Exit.UNREACHABLE if unusable else Exit.INVALID
        ) from None


def current_namespace(kubeconfig: str | None, context: str | None) -> str:
    """The namespace of the kubeconfig's context, as kubectl chooses it; `default` if it names none."""
    from kubernetes.config import ConfigException, list_kube_config_contexts  # noqa: PLC0415

    try:
        contexts, current = list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError):
        return "default"
    chosen = next((each for each in contexts if each["name"] == context), current)
    return str((chosen.get("context") or {}).get("namespace") or "default")
