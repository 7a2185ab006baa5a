"""The store as a run at work sees it: its keys change under the run, and many calls come at once."""

import asyncio
import base64
from dataclasses import replace

import pytest

from levada.graph.policies import Cache
from levada.kube import run_store
from levada.kube.answers import Answers, Tower
from levada.kube.run_store import AT_ONCE, RunFinder, RunStore, open_store
from levada.planner.run import Run
from levada.store.errors import StoreDeniedError
from levada.store.objects import put_bytes
from unit.kube.fake_apiserver import refusal
from unit.planner.graphs import graph, task
from unit.planner.pods import NOW
from unit.store.s3_stub import answering, error, keys, settings_at

SETTINGS = "/api/v1/namespaces/a/configmaps/levada-store"
SECRET = "/api/v1/namespaces/a/secrets/levada-store"


@pytest.fixture
def endpoint():
    """A store that denies all keys but `new`."""
    with answering(403, error("InvalidAccessKeyId"), granted="new") as url:
        yield url


@pytest.fixture
async def opened(server, api, endpoint):
    """What a run opened when the keys were `old`."""
    await server.put(SETTINGS, data=settings_at(endpoint))
    await put_keys(server, "old")
    made = await open_store(api, "a", None)
    server.requests.clear()
    return made


async def put_keys(server, key):
    await server.put(
        SECRET, data={name: base64.b64encode(value.encode()).decode() for name, value in keys(key).items()}
    )


class Writing:
    """Writes an object, and counts how often it was asked to."""

    def __init__(self):
        self.times = 0

    def __call__(self, stores):
        self.times += 1
        put_bytes(stores, f"{stores.url}/a/x", b"1")


async def test_a_run_goes_on_with_the_keys_that_were_changed_under_it(opened, server):
    await put_keys(server, "new")
    await opened.ask(first := Writing())
    await opened.ask(second := Writing())
    assert (first.times, second.times) == (2, 1)
    assert server.requests.count(("GET", SECRET)) == 1


async def test_a_lookup_goes_on_with_changed_keys_too(opened, server):
    await put_keys(server, "new")
    run = Run(graph(replace(task("a"), cache=Cache())), {})
    answers = Answers(run, RunFinder(opened, "r"), Tower(lambda *_: None))
    await answers.ask(NOW)
    assert run.leaves["a"].miss == "OutputsGone"  # there is an entry, without content as all that this store has


async def test_a_denial_with_the_same_keys_is_an_error_at_once(opened, server):
    with pytest.raises(StoreDeniedError, match="InvalidAccessKeyId"):
        await opened.ask(write := Writing())
    assert write.times == 1
    assert server.requests.count(("GET", SECRET)) == 1


async def test_a_denial_of_other_keys_too_is_an_error_and_not_asked_a_third_time(opened, server):
    await put_keys(server, "newer")
    with pytest.raises(StoreDeniedError):
        await opened.ask(write := Writing())
    assert write.times == 2


async def test_many_that_are_denied_at_once_read_the_new_keys_once(opened, server):
    await put_keys(server, "new")
    writes = [Writing() for _ in range(AT_ONCE)]
    await asyncio.gather(*map(opened.ask, writes))
    assert server.requests.count(("GET", SECRET)) == 1


@pytest.mark.parametrize("path", [SETTINGS, SECRET])
async def test_where_the_keys_cannot_be_read_again_the_denial_stands(opened, server, path):
    await put_keys(server, "new")
    server.fail("GET", path, refusal(403, "Forbidden"))
    with pytest.raises(StoreDeniedError):
        await opened.ask(write := Writing())
    assert write.times == 1


async def test_a_run_never_goes_on_in_another_place(opened, server, endpoint):
    await put_keys(server, "new")
    await server.put(SETTINGS, data=settings_at(endpoint) | {"url": "s3://bucket/elsewhere"})
    began_at = opened.url
    with pytest.raises(StoreDeniedError):
        await opened.ask(Writing())
    assert opened.url == began_at


async def test_one_run_has_only_a_few_calls_under_way(monkeypatch):
    under_way, most = 0, 0

    async def slowly(work, stores):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    monkeypatch.setattr(run_store, "in_store_thread", slowly)
    store = RunStore(None, "a")
    await asyncio.gather(*(store.ask(print) for _ in range(3 * AT_ONCE)))
    assert most == AT_ONCE
