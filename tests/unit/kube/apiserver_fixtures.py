"""A fake API server that runs, and a client that is connected to it."""

from pathlib import Path

import pytest
from aiohttp import web

from levada.kube.client import connect
from unit.kube.fake_apiserver import FakeApiServer

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: fake
clusters: [{{name: fake, cluster: {{server: "{url}"}}}}]
contexts: [{{name: fake, context: {{cluster: fake, user: fake}}}}]
users: [{{name: fake, user: {user}}}]
"""


@pytest.fixture
async def server():
    fake = FakeApiServer()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    fake.released.set()
    fake.cut()
    await runner.cleanup()


@pytest.fixture
def kubeconfig(server, tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url=server.url, user="{}"))
    return path


@pytest.fixture
async def api(kubeconfig):
    async with connect(str(kubeconfig), seconds=3) as connected:
        yield connected
