"""Events: posted once, left out when they repeat, dropped when there are too many, and never in the way."""

import asyncio
import json

import pytest

from levada.kube import metrics
from levada.kube.events import ObjectRef, Recorder
from unit.kube.fake_apiserver import refusal

RUN = ObjectRef("levada.dev/v1alpha1", "PipelineRun", "a", "flowers", "uid-1")


def events(server):
    return [item for path, item in server.objects.items() if path.startswith("/apis/events.k8s.io/v1/namespaces/a/")]


def dropped():
    return metrics.REGISTRY.get_sample_value("levada_events_dropped_total")


@pytest.fixture
async def record(api):
    tasks = []

    def start(**options):
        recorder = Recorder(api, "levada-0", pause=0, **options)
        tasks.append(asyncio.create_task(recorder.run()))
        return recorder

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def drained(recorder):
    async with asyncio.timeout(5):
        await recorder.drained()


async def test_an_event_has_what_kubernetes_wants(server, record):
    recorder = record()
    recorder.emit(RUN, "Normal", "Started", "the run started")
    await drained(recorder)
    [event] = events(server)
    assert event["regarding"] == {
        "apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "namespace": "a", "name": "flowers", "uid": "uid-1",
    }  # fmt: skip
    assert (event["type"], event["reason"], event["note"]) == ("Normal", "Started", "the run started")
    assert event["metadata"]["name"].startswith("flowers.")
    assert event["reportingInstance"] == "levada-0"
    assert event["action"]
    assert event["eventTime"].endswith("Z")
    assert "series" not in event


async def test_a_repetition_is_left_out_until_some_time_has_gone_by(server, record):
    recorder = record(repeat_after=3600)
    for _ in range(3):
        recorder.emit(RUN, "Warning", "Failed", "no")
        recorder.emit(RUN, "Warning", "Failed", "no")
        await drained(recorder)
    assert len(events(server)) == 1
    later = record(repeat_after=0)
    for _ in range(2):
        later.emit(RUN, "Warning", "Failed", "no")
        await drained(later)
    assert [method for method, _ in server.requests] == ["POST"] * 3, "an Event is never changed: no right to do so"


async def test_different_messages_are_different_events(server, record):
    recorder = record()
    recorder.emit(RUN, "Warning", "Failed", "one")
    recorder.emit(RUN, "Warning", "Failed", "two")
    await drained(recorder)
    assert sorted(event["note"] for event in events(server)) == ["one", "two"]


async def test_what_does_not_fit_is_dropped_and_counted(server, api):
    recorder = Recorder(api, "levada-0", limit=3)  # nobody posts
    before = dropped()
    for number in range(10):
        recorder.emit(RUN, "Normal", "Started", f"number {number}")
    assert dropped() == before + 7


async def test_what_the_server_refuses_is_dropped_and_the_next_is_posted(server, record):
    recorder = record()
    before = dropped()
    server.fail("POST", "events", refusal(403, "Forbidden", "namespace is being terminated"))
    recorder.emit(RUN, "Normal", "Started", "")
    recorder.emit(RUN, "Normal", "Finished", "")
    await drained(recorder)
    assert dropped() == before + 1
    assert [event["reason"] for event in events(server)] == ["Finished"]


async def test_a_long_message_is_cut_at_whole_characters(server, record):
    recorder = record()
    recorder.emit(RUN, "Normal", "Started", "ü" * 2000)
    await drained(recorder)
    [event] = events(server)
    note = event["note"]
    assert note.endswith("ü...")
    assert len(note.encode()) <= 1024
    assert json.dumps(note)
