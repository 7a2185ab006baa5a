"""Phases as gauges; lists that tell what changed."""

import asyncio

from levada.kube import metrics
from levada.kube.metrics import REGISTRY, RUNS, count_by_phase
from levada.kube.relist import Relist
from levada.kube.resource import PIPELINE_RUNS
from unit.kube.fake_apiserver import refusal

RUN = "/apis/levada.dev/v1alpha1/namespaces/{}/pipelineruns/{}"


def test_phases_are_counted_when_they_are_read_and_those_that_are_gone_are_zero():
    counts = {"Running": 3, "Pending": 1}
    count_by_phase(RUNS, ("Running", "Pending"), lambda: counts)
    assert REGISTRY.get_sample_value("levada_runs", {"phase": "Pending"}) == 1
    counts = {"Running": 2}
    assert REGISTRY.get_sample_value("levada_runs", {"phase": "Running"}) == 2
    assert REGISTRY.get_sample_value("levada_runs", {"phase": "Pending"}) == 0


def test_no_label_grows_with_the_number_of_runs():
    labels = {label for metric in vars(metrics).values() for label in getattr(metric, "_labelnames", ())}
    assert labels == {"phase", "result", "verb", "code", "kind", "cause"}


async def test_what_is_new_changed_or_gone_is_told_and_nothing_else(server, api):
    hints = asyncio.Queue()
    await server.put(RUN.format("a", "one"))
    await server.put(RUN.format("b", "two"))
    relist = Relist(api, PIPELINE_RUNS, lambda *hint: hints.put_nowait(hint), every=0.01)
    task = asyncio.create_task(relist.run())
    async with asyncio.timeout(5):
        await relist.synced.wait()
        versions = {path: made["metadata"]["resourceVersion"] for path, made in server.objects.items()}
        one, two = RUN.format("a", "one"), RUN.format("b", "two")
        assert {await hints.get(), await hints.get()} == {
            ("pipelineruns", "a", "one", versions[one]),
            ("pipelineruns", "b", "two", versions[two]),
        }
        await server.remove(two)
        assert await hints.get() == ("pipelineruns", "b", "two", "")
        changed = await server.put(one, status={})
        assert await hints.get() == ("pipelineruns", "a", "one", changed["metadata"]["resourceVersion"])
        count = len(server.requests)
        while len(server.requests) < count + 3:
            await asyncio.sleep(0.01)
    assert hints.empty()
    assert "PartialObjectMetadataList" in server.headers[0]["Accept"]
    task.cancel()


async def test_it_is_synced_only_when_every_namespace_has_been_listed(server, api, caplog):
    server.fail("GET", "/namespaces/b/", refusal(403, "Forbidden", "not there"), times=1)
    two = await server.put(RUN.format("b", "two"))
    hints = asyncio.Queue()
    relist = Relist(api, PIPELINE_RUNS, lambda *hint: hints.put_nowait(hint), namespaces=["a", "b"])
    task = asyncio.create_task(relist.run())
    async with asyncio.timeout(5):
        await relist.synced.wait()
    assert hints.get_nowait() == ("pipelineruns", "b", "two", two["metadata"]["resourceVersion"])
    assert "not there" in caplog.text
    task.cancel()
