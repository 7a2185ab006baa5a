"""A small HTTP server for probes and Prometheus."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from levada.kube.metrics import REGISTRY

Check = Callable[[], str | None]
"""Says what is wrong, or nothing."""


@asynccontextmanager
async def serve(
    port: int, *, alive: Mapping[str, Check], ready: Mapping[str, Check], host: str = ""
) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and `/metrics`.

    That `/healthz` answers at all shows that the event loop turns.

    Parameters
    ----------
    port
        Where to listen; 0 for any free port.
    alive, ready
        Checks by name; one that finds something wrong makes the answer a 503 that says what.
    host
        The address; all of them when empty.

    Yields
    ------
    int
        The port.
    """
    application = web.Application()
    application.router.add_get("/healthz", partial(_answer, alive))
    application.router.add_get("/readyz", partial(_answer, ready))
    application.router.add_get("/metrics", _metrics)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host or None, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _answer(checks: Mapping[str, Check], _: web.Request) -> web.Response:
    problems = [f"{name}: {problem}" for name, check in checks.items() if (problem := check())]
    return web.Response(text="\n".join(problems or ["ok"]) + "\n", status=503 if problems else 200)


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
