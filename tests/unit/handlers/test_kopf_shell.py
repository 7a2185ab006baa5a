"""kopf in its thread: hints arrive, it is started again when it ends, and it leaves us alone."""

import asyncio
import threading

import pytest

from levada.handlers import kopf_shell
from levada.handlers.kopf_shell import KopfShell
from unit.handlers.levada_kinds import publish, run_path


@pytest.fixture
async def hear(server, kubeconfig):
    """Start kopf; give a queue of its hints."""
    publish(server)
    tasks = []

    def start(**options):
        hints = asyncio.Queue()
        shell = KopfShell(lambda *hint: hints.put_nowait(hint), kubeconfig=str(kubeconfig), **options)
        tasks.append(asyncio.create_task(shell.run()))
        return hints

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for thread in threading.enumerate():
        if thread.name == "kopf":
            await asyncio.to_thread(thread.join, 3)
            assert not thread.is_alive()


async def next_hint(hints):
    async with asyncio.timeout(10):
        return await hints.get()


async def test_hints_of_the_kinds_that_runs_refer_to_and_nothing_is_written(server, hear):
    await server.put(run_path("a", "is there", "pipelines"))
    hints = hear()
    await server.streaming(2)
    for plural in ("pipelines", "components"):
        await server.put(run_path("b", "a run"))  # of runs it is not told: every status would stay in memory
        put = await server.put(run_path("b", "x", plural))
        assert await next_hint(hints) == (plural, "b", "x", put["metadata"]["resourceVersion"])
    await server.remove(run_path("b", "x", "pipelines"))
    assert await next_hint(hints) == ("pipelines", "b", "x", "")
    assert {method for method, _ in server.requests} == {"GET"}
    asked = {path.split("?")[0] for _, path in server.requests}
    assert not [path for path in asked if "customresourcedefinitions" in path or path == "/api/v1/namespaces"]


async def test_only_the_given_namespaces_are_asked_for(server, hear):
    hints = hear(namespaces=["a"])
    await server.streaming(2)
    await server.put(run_path("b", "not mine", "pipelines"))
    await server.put(run_path("a", "mine", "pipelines"))
    assert (await next_hint(hints))[:3] == ("pipelines", "a", "mine")
    objects = [path for _, path in server.requests if "/v1alpha1/" in path]
    assert all("/namespaces/a/" in path for path in objects)


async def test_kopf_is_started_again_when_it_ends(server, hear, monkeypatch, caplog):
    monkeypatch.setattr(kopf_shell, "Backoff", lambda *_: Immediately())
    real, lives = kopf_shell.kopf.operator, []

    async def dies_once(**options):
        lives.append(options)
        if len(lives) == 1:
            raise RuntimeError("a watch error")
        await real(**options)

    monkeypatch.setattr(kopf_shell.kopf, "operator", dies_once)
    hints = hear()
    await server.streaming(2)
    await server.put(run_path("a", "one", "pipelines"))
    assert (await next_hint(hints))[:3] == ("pipelines", "a", "one")
    assert "kopf has ended: it starts again" in caplog.text


class Immediately:
    def failed(self):
        return 0.0

    def reset(self):
        pass


async def test_our_own_tasks_live_on_when_kopf_ends(server, kubeconfig):
    """In our own event loop, kopf's end would cancel every task that was started after it."""
    publish(server)
    shell = KopfShell(lambda *_: None, kubeconfig=str(kubeconfig))
    running = asyncio.create_task(shell.run())
    await server.streaming(2)
    ours = asyncio.create_task(asyncio.Event().wait())
    running.cancel()
    await asyncio.wait({running})
    assert not ours.done()
    ours.cancel()
