"""The watch: what it sees, what it notices later, and how it goes on after every way a stream can end."""

import asyncio

import msgspec
import pytest

from levada.kube import metrics
from levada.kube.resource import PODS, ObjectMeta
from levada.kube.watch import Watch
from unit.kube.fake_apiserver import refusal

PATH = "/api/v1/namespaces/{}/pods/{}"
X, Y = PATH.format("a", "x"), PATH.format("a", "y")


class Pod(msgspec.Struct):
    metadata: ObjectMeta
    phase: str = ""


class Changes:
    """What the watch reported, one by one."""

    def __init__(self):
        self._queue = asyncio.Queue()

    def __call__(self, old, new):
        self._queue.put_nowait((old, new))

    async def next(self):
        async with asyncio.timeout(10):
            old, new = await self._queue.get()
        return (
            f"{old.metadata.name}:{old.phase}" if old else None,
            f"{new.metadata.name}:{new.phase}" if new else None,
        )

    def none_left(self):
        return self._queue.empty()


@pytest.fixture
def changes():
    return Changes()


@pytest.fixture
async def watching(api, changes):
    """Start a watch and give it back when it has listed everything."""
    tasks = []

    async def start(**options):
        watch = Watch(api, Pod, PODS, on_change=changes, **options)
        tasks.append(asyncio.create_task(watch.run()))
        async with asyncio.timeout(10):
            await watch.synced.wait()
        return watch

    yield start
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def lists(server):
    return [path for method, path in server.requests if method == "GET" and "watch=" not in path]


def watches(server):
    return [path for method, path in server.requests if "watch=" in path]


def restarts(cause):
    return metrics.REGISTRY.get_sample_value("levada_watch_restarts_total", {"kind": "pods", "cause": cause}) or 0


async def test_created_changed_and_deleted(server, changes, watching):
    await server.put(X, phase="1")
    watch = await watching()
    assert await changes.next() == (None, "x:1")
    await server.put(X, phase="2")
    assert await changes.next() == ("x:1", "x:2")
    await server.put(Y, phase="1")
    assert await changes.next() == (None, "y:1")
    assert {key: pod.phase for key, pod in watch.store.items()} == {("a", "x"): "2", ("a", "y"): "1"}
    await server.remove(X)
    assert await changes.next() == ("x:2", None)
    assert list(watch.store) == [("a", "y")]


async def test_the_list_is_read_in_pages_and_the_watch_goes_on_from_it(server, changes, watching):
    for number in range(501):
        await server.put(PATH.format("a", f"p{number:03}"))
    version = server.version
    watch = await watching(labels="levada.dev/run")
    assert len(watch.store) == 501
    assert len(lists(server)) == 2
    await server.streaming(1)
    assert f"resourceVersion={version}" in watches(server)[0]
    assert "labelSelector=levada.dev/run" in watches(server)[0]
    assert "allowWatchBookmarks=true" in watches(server)[0]


async def test_a_cut_stream_goes_on_where_it_was(server, changes, watching):
    await server.put(X, phase="1")
    await watching()
    await changes.next()
    await server.streaming(1)
    await server.put(X, phase="2")
    assert await changes.next() == ("x:1", "x:2")
    version = server.version
    server.cut()
    await server.put(X, phase="3")
    assert await changes.next() == ("x:2", "x:3")
    assert len(lists(server)) == 1
    assert f"resourceVersion={version}" in watches(server)[-1]
    assert changes.none_left()


async def test_a_bookmark_moves_the_place_to_go_on_from(server, watching):
    watch = await watching()
    await server.streaming(1)
    await server.bookmark()
    async with asyncio.timeout(5):
        while watch._versions[None] != str(server.version):
            await asyncio.sleep(0.01)
    server.cut()
    await server.streaming(1)
    assert f"resourceVersion={server.version}" in watches(server)[-1]
    assert len(lists(server)) == 1


@pytest.mark.parametrize("as_event", [True, False], ids=["an event in the stream", "an HTTP status"])
async def test_410_lists_again_and_finds_what_vanished_meanwhile(server, changes, watching, as_event):
    server.gone_as_event = as_event
    before = restarts("expired")
    await server.put(X, phase="1")
    await server.put(Y, phase="1")
    watch = await watching()
    assert {await changes.next(), await changes.next()} == {(None, "x:1"), (None, "y:1")}
    await server.streaming(1)
    store = watch.store
    await server.remove(X, quietly=True)
    server.compacted = server.version + 1
    await server.put(Y, phase="2", metadata={})
    server.history.clear()
    server.cut()
    assert await changes.next() == ("x:1", None)
    assert await changes.next() == ("y:1", "y:2")
    assert list(watch.store) == [("a", "y")]
    assert watch.store is not store
    assert len(store) == 2
    assert restarts("expired") == before + 1
    await server.put(Y, phase="3")
    assert await changes.next() == ("y:2", "y:3")


async def test_an_object_of_the_same_name_but_another_uid_is_another_object(server, changes, watching):
    await server.put(X, phase="old")
    await watching()
    await changes.next()
    await server.streaming(1)
    await server.remove(X, quietly=True)
    server.compacted = server.version + 1
    await server.put(X, phase="new")
    server.history.clear()
    server.cut()
    assert await changes.next() == ("x:old", None)
    assert await changes.next() == (None, "x:new")


async def test_a_silent_stream_is_left_and_taken_up_again(server, changes, watching):
    before = restarts("silent")
    await watching(idle=0.2)
    await server.streaming(1)
    while restarts("silent") == before:  # a counter cannot be awaited
        await asyncio.sleep(0.02)
    await server.put(X)
    assert await changes.next() == (None, "x:")
    assert len(lists(server)) == 1


async def test_errors_are_outlived(server, changes, watching):
    server.fail("GET", "watch=1", refusal(500, "InternalError"), times=2)
    await watching()
    await server.put(X)
    assert await changes.next() == (None, "x:")
    assert len(watches(server)) == 3


async def test_an_object_that_cannot_be_read_does_not_stop_the_others(server, changes, watching, caplog):
    await server.put(X, phase=["not", "a", "string", "s3cret"])
    await watching()
    await server.streaming(1)
    await server.put(Y, phase=7)
    await server.put(PATH.format("a", "z"), phase="ok")
    assert await changes.next() == (None, "z:ok")
    assert "cannot be read" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_callback_that_fails_does_not_stop_the_watch(server, api, caplog):
    seen = asyncio.Queue()

    def fail(old, new):
        seen.put_nowait(new.metadata.name)
        raise ValueError("no")

    watch = Watch(api, Pod, PODS, on_change=fail)
    task = asyncio.create_task(watch.run())
    await watch.synced.wait()
    await server.put(X)
    await server.put(Y)
    assert [await seen.get(), await seen.get()] == ["x", "y"]
    assert "ValueError: no" in caplog.text
    task.cancel()


async def test_several_namespaces_do_not_wait_for_each_other(server, api, changes):
    await server.put(PATH.format("a", "x"), phase="1")
    await server.put(PATH.format("b", "x"), phase="1")
    await server.put(PATH.format("c", "x"), phase="1")
    server.fail("GET", "/namespaces/b/pods", refusal(403, "Forbidden"), times=1)
    watch = Watch(api, Pod, PODS, on_change=changes, namespaces=["a", "b"])
    task = asyncio.create_task(watch.run())
    assert await changes.next() == (None, "x:1")
    assert list(watch.store) == [("a", "x")]
    assert (watch.knows("a"), watch.knows("b"), watch.knows("c")) == (True, False, False)
    async with asyncio.timeout(10):
        await watch.synced.wait()
    assert not watch.knows("b")
    assert await changes.next() == (None, "x:1")
    assert set(watch.store) == {("a", "x"), ("b", "x")}
    assert watch.knows("b")
    task.cancel()


@pytest.mark.parametrize("namespaces", [[], ["a"], ["a", "b"]])
async def test_nothing_is_synced_where_every_list_is_refused(server, api, changes, namespaces):
    server.fail("GET", "/pods", refusal(403, "Forbidden"), times=1000)
    await server.put(X)
    watch = Watch(api, Pod, PODS, on_change=changes, namespaces=namespaces)
    task = asyncio.create_task(watch.run())
    while len(lists(server)) < 2:
        await asyncio.sleep(0.01)
    assert not watch.synced.is_set()
    assert not watch.knows("a")
    server.faults.clear()
    assert await changes.next() == (None, "x:")
    assert watch.synced.is_set()
    assert watch.knows("a")
    task.cancel()


async def test_a_relist_of_one_namespace_keeps_the_others(server, changes, watching):
    await server.put(PATH.format("a", "x"), phase="1")
    await server.put(PATH.format("b", "x"), phase="1")
    watch = await watching(namespaces=["a", "b"])
    await changes.next(), await changes.next()
    await server.streaming(2)
    server.fail("GET", "/namespaces/a/pods?watch", refusal(410, "Expired"))
    await server.remove(PATH.format("a", "x"), quietly=True)
    server.cut()
    assert await changes.next() == ("x:1", None)
    assert list(watch.store) == [("b", "x")]


async def test_what_each_list_showed_is_told_once_all_of_it_is_in_the_store(server, changes, watching):
    await server.put(X, phase="1")
    await server.put(PATH.format("b", "z"), phase="1")
    told = asyncio.Queue()
    watch = await watching(namespaces=["a", "b"], on_listed=lambda *listed: told.put_nowait(listed))
    first = sorted((namespace, *shown) for namespace, shown in (await told.get(), await told.get()))
    assert first == [("a", ("a", "x")), ("b", ("b", "z"))]
    await server.streaming(2)
    server.fail("GET", "/namespaces/a/pods?watch", refusal(410, "Expired"))
    await server.remove(X, quietly=True)
    server.cut()
    namespace, shown = await told.get()
    assert (namespace, *shown, *watch.store) == ("a", ("b", "z"))


async def test_of_a_kind_of_which_nothing_else_is_wanted_only_the_metadata_is_asked_for(server, watching):
    await watching(metadata_only=True)
    await server.streaming(1)
    listing, streaming = (headers["Accept"] for headers in server.headers)
    assert "as=PartialObjectMetadataList;" in listing
    assert "as=PartialObjectMetadata;" in streaming


@pytest.mark.parametrize(("versions", "pauses"), [(["1", "2", "3"], 0), (["0", "0", "0"], 3)])
async def test_a_stream_that_the_server_ends_is_taken_up_at_once_if_it_brought_something(
    api, monkeypatch, versions, pauses
):
    """A server cuts those that fall behind: to wait then is to fall behind more."""
    slept, left = [], list(versions)

    class Ending(Watch):
        async def _stream(self, namespace, backoff):
            if not left:
                raise asyncio.CancelledError
            self._versions[namespace] = left.pop(0)

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr("levada.kube.watch.asyncio.sleep", sleep)
    watch = Ending(api, Pod, PODS)
    watch._versions[None] = "0"
    with pytest.raises(asyncio.CancelledError):
        await watch._follow(None)
    assert len(slept) == pauses
