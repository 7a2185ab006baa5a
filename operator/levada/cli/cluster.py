"""One connection to a cluster, for commands that are no coroutines themselves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from levada.kube.client import Api, connect

Result = TypeVar("Result")

_PATIENCE = 5.0
"""Seconds that one call to the API server may take."""


class Connection:
    """An API server, asked one thing at a time."""

    def __init__(self, api: Api, runner: asyncio.Runner) -> None:
        self.api = api
        self._runner = runner

    def ask(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`."""
        return self._runner.run(work)

    def each(self, items: AsyncIterator[Result]) -> Iterator[Result]:
        """The items, each when it is there."""

        async def following() -> tuple[bool, Any]:
            try:
                return True, await anext(items)
            except StopAsyncIteration:
                return False, None

        while True:
            found, item = self._runner.run(following())
            if not found:
                return
            yield item


@contextmanager
def connected(kubeconfig: str | None = None, context: str | None = None) -> Iterator[Connection]:
    """A connection to the cluster that the options, or the environment, name."""
    with asyncio.Runner() as runner:
        connecting = connect(kubeconfig, context, seconds=_PATIENCE)
        api = runner.run(_enter(connecting))
        try:
            yield Connection(api, runner)
        finally:
            runner.run(_leave(connecting))


async def _enter(connecting: Any) -> Api:
    return await connecting.__aenter__()  # type: ignore[no-any-return]


async def _leave(connecting: Any) -> None:
    await connecting.__aexit__(None, None, None)


def with_cluster(
    work: Callable[[Api], Awaitable[Result]], kubeconfig: str | None = None, context: str | None = None
) -> Result:
    """What `work` returns, given a connection to the cluster."""

    async def done() -> Result:
        async with connect(kubeconfig, context) as api:
            return await work(api)

    return asyncio.run(done())


def current_namespace(kubeconfig: str | None, context: str | None) -> str:
    """The namespace of the kubeconfig's context, as kubectl chooses it; `default` if it names none."""
    from kubernetes.config import ConfigException, list_kube_config_contexts  # noqa: PLC0415

    try:
        contexts, current = list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError):
        return "default"
    chosen = next((each for each in contexts if each["name"] == context), current)
    return str((chosen.get("context") or {}).get("namespace") or "default")
