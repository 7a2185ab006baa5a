"""An object whose reconciliation fails is told of: by a condition, an Event and a metric, and no more than needed."""

import logging

import pytest

from levada.kube import metrics
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.kube.kept import UnreadableError
from levada.kube.resource import COMPONENTS, PIPELINE_RUNS
from levada.kube.trouble import Trouble
from unit.kube.fake_apiserver import refusal

RUN = "/apis/levada.dev/v1alpha1/namespaces/a/pipelineruns/bad"
COMPONENT = "/apis/levada.dev/v1alpha1/namespaces/a/components/bad"
KEY = ("a", "bad")
TOO_LARGE = ApiError(500, "InternalError", "etcdserver: request is too large")
AWAY = ApiError(503, "ServiceUnavailable", "apiserver not ready")


@pytest.fixture
def events():
    return []


@pytest.fixture
def trouble(api, events):
    return Trouble(api, lambda found, *event: events.append((found["metadata"]["name"], *event)))


def counted(kind="pipelineruns"):
    return metrics.RECONCILE_ERRORS.labels(kind)._value.get()


async def put(server, path=RUN, **status):
    return await server.put(path, apiVersion="levada.dev/v1alpha1", kind="X", spec={}, status=status,
                            metadata={"generation": 1})  # fmt: skip


def conditions(server, path=RUN):
    return {each["type"]: (each["status"], each["reason"]) for each in server.objects[path]["status"]["conditions"]}


async def test_a_bug_stalls_the_run_and_is_told(trouble, server, events):
    await put(server, phase="Running")
    before = counted()
    await trouble.tell(PIPELINE_RUNS, KEY, KeyError("startTime"), 1)
    said = {name: (truth, "ReconcileFailed") for name, truth in
            (("Succeeded", "Unknown"), ("Ready", "False"), ("Reconciling", "False"), ("Stalled", "True"))}  # fmt: skip
    assert conditions(server) == said
    status = server.objects[RUN]["status"]
    assert (status["phase"], status["observedGeneration"]) == ("Running", 1)
    assert "KeyError: 'startTime'" in status["conditions"][0]["message"]
    assert events == [("bad", "Warning", "ReconcileFailed", status["conditions"][0]["message"])]
    assert counted() == before + 1


async def test_a_run_that_never_began_is_pending(trouble, server):
    await put(server, observedGeneration=-1)
    await trouble.tell(PIPELINE_RUNS, KEY, ValueError(), 1)
    assert server.objects[RUN]["status"]["phase"] == "Pending"


async def test_a_component_stalls_with_the_conditions_of_its_kind(trouble, server):
    await put(server, COMPONENT)
    await trouble.tell(COMPONENTS, KEY, RuntimeError("no"), 1)
    said = {"Ready": "False", "Reconciling": "False", "Stalled": "True"}
    assert conditions(server, COMPONENT) == {name: (truth, "ReconcileFailed") for name, truth in said.items()}
    assert counted("components") == 1


@pytest.mark.parametrize(
    "error", [TOO_LARGE, ApiError(413, "RequestEntityTooLarge", ""), ApiError(422, "Invalid", "status.tasks"),
              ApiError(403, "Forbidden", "may not"), UnreadableError("the ConfigMap x cannot be read")],
    ids=str,
)  # fmt: skip
async def test_what_the_object_is_refused_for_is_told_at_once_in_its_own_words(trouble, server, error):
    await put(server, phase="Running")
    await trouble.tell(PIPELINE_RUNS, KEY, error, 1)
    message = server.objects[RUN]["status"]["conditions"][0]["message"]
    assert f"is tried again: {error}" in message


@pytest.mark.parametrize(
    "error", [ApiUnreachableError("x"), NotLeaderError("x"), AWAY, ApiError(429, "", ""), ApiError(409, "", "")],
    ids=repr,
)  # fmt: skip
async def test_trouble_that_passes_is_not_the_objects(trouble, server, events, error):
    await put(server, phase="Running")
    await trouble.tell(PIPELINE_RUNS, KEY, error, 1)
    assert server.objects[RUN]["status"] == {"phase": "Running"}
    assert not events


async def test_trouble_of_one_object_that_does_not_pass_is_told_after_all(trouble, server, events):
    await put(server, phase="Running")
    for failures in range(1, 6):
        assert not events
        await trouble.tell(PIPELINE_RUNS, KEY, AWAY, failures)
    assert conditions(server)["Stalled"] == ("True", "ReconcileFailed")
    assert len(events) == 1


async def test_nothing_is_written_for_a_server_that_does_not_answer(trouble, server):
    await trouble.tell(PIPELINE_RUNS, KEY, ApiUnreachableError("x"), 100)
    assert not server.requests


async def test_it_is_written_once_and_again_for_another_spec(trouble, server, events):
    await put(server, phase="Running")
    for number in (1, 2, 3):
        await trouble.tell(PIPELINE_RUNS, KEY, ValueError(f"<object at {number}>"), number)
    assert [method for method, _ in server.requests].count("PATCH") == 1
    assert len(events) == 3
    await server.put(RUN, metadata={"generation": 2})
    await trouble.tell(PIPELINE_RUNS, KEY, ValueError("another"), 4)
    assert "another" in server.objects[RUN]["status"]["conditions"][0]["message"]


async def test_the_status_of_a_run_that_is_over_stays_as_it_is(trouble, server, events):
    await put(server, phase="Succeeded", completionTime="2026-01-01T00:00:00Z")
    await trouble.tell(PIPELINE_RUNS, KEY, ValueError("no"), 1)
    assert server.objects[RUN]["status"] == {"phase": "Succeeded", "completionTime": "2026-01-01T00:00:00Z"}
    assert len(events) == 1


async def test_an_object_that_is_gone_is_no_trouble(trouble, server, events):
    await trouble.tell(PIPELINE_RUNS, KEY, ValueError("no"), 1)
    assert not events


async def test_an_object_that_changes_meanwhile_is_left_alone(trouble, server, caplog):
    caplog.set_level(logging.DEBUG)
    await put(server, phase="Running")
    server.fail("PATCH", RUN, refusal(409, "Conflict", "the object has been modified"))
    await trouble.tell(PIPELINE_RUNS, KEY, ValueError("no"), 1)
    assert server.objects[RUN]["status"] == {"phase": "Running"}
    assert "it is tried again first" in caplog.text


async def test_a_very_long_message_is_cut(trouble, server):
    await put(server, phase="Running")
    await trouble.tell(PIPELINE_RUNS, KEY, ValueError("x" * 100_000), 1)
    assert len(server.objects[RUN]["status"]["conditions"][0]["message"]) < 1200
