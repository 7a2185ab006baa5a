"""Which events of Pods are news, against a small API server."""

import msgspec
import pytest

from levada.kube import task_pods
from levada.kube.run_pods import RunPods
from levada.kube.sharing import Sharing
from levada.planner.names import RESULT_FINALIZER, RUN_LABEL, SPEC_ANNOTATION, Key
from levada.planner.podview import OwnerReference, PodView

PATH = "/api/v1/namespaces/a/pods/x"
RUN, OTHER = Key("a", "r"), Key("b", "r")
OWNER = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "name": "r", "uid": "run"}

OTHER_OWNER = OwnerReference("other", "apps/v1", "ReplicaSet", "r")


@pytest.fixture
def put(server):
    """Put the Pod into the server; as the watch shows it."""

    async def put(*, held=True, labels=None, **content):
        metadata = {
            "labels": labels or {RUN_LABEL: "r"},
            "annotations": {SPEC_ANNOTATION: "1"},
            "ownerReferences": [OWNER],
        }
        metadata["finalizers"] = [RESULT_FINALIZER] if held else []
        return msgspec.convert(await server.put(PATH, metadata=metadata, **content), PodView)

    return put


def pods_of_runs(api, *active):
    return RunPods(api, dict.fromkeys(active), Sharing(None, {}))


async def test_what_our_own_request_made_of_a_pod_is_no_news(api, put):
    runs, pod = pods_of_runs(api, RUN), await put()
    runs.of[RUN] = {"x": pod}
    assert runs.saw(None, pod) is None
    assert runs.take_changed(RUN) == set()
    assert runs.saw(pod, await put(status={"phase": "Running"})) == RUN
    assert runs.take_changed(RUN) == {"x"}


async def test_an_event_from_before_our_patch_does_not_have_the_pod_let_go_again(api, server, put):
    runs, pod = pods_of_runs(api, RUN), await put()
    runs.saw(None, pod)
    late = await put(status={"phase": "Succeeded"})
    await task_pods.release(api, pod, runs.of[RUN])
    assert runs.saw(pod, late) == RUN
    assert runs.of[RUN]["x"].status.phase == "Succeeded"
    assert not task_pods.is_held(runs.of[RUN]["x"])


async def test_what_the_watch_has_shown_since_is_not_overwritten_by_the_answer_to_our_patch(api, put):
    runs, pod = pods_of_runs(api, RUN), await put()
    runs.saw(None, pod)
    newer = await put(held=False, status={"phase": "Succeeded"})
    runs.saw(pod, newer)
    await task_pods.release(api, pod, runs.of[RUN])
    assert runs.of[RUN]["x"] == newer


async def test_a_pod_that_a_list_does_not_show_and_the_watch_never_had_is_labelled_anew(api, server, put):
    runs, pod = pods_of_runs(api, RUN, OTHER), await put()
    elsewhere = msgspec.structs.replace(pod, metadata=msgspec.structs.replace(pod.metadata, namespace="b"))
    runs.of |= {RUN: {"x": pod}, OTHER: {"x": elsewhere}}
    assert runs.listed("a", {("a", "x")}) == set()
    server.objects[PATH]["metadata"]["labels"] = {}
    assert runs.listed("a", {("a", "y")}) == {RUN}
    assert runs.take_changed(RUN) == {"x"}
    await runs.bring_back(RUN)
    assert server.objects[PATH]["metadata"]["labels"] == {RUN_LABEL: "r"}


async def test_a_pod_that_says_another_run_than_its_owner_stays_its_owners(api, server, put):
    runs, pod = pods_of_runs(api, RUN), await put()
    runs.saw(None, pod)
    lying = await put(status={"phase": "Running"}, labels={RUN_LABEL: "another"})
    assert runs.saw(pod, lying) == RUN
    assert set(runs.of) == {RUN}
    await runs.bring_back(RUN)
    assert server.objects[PATH]["metadata"]["labels"] == {RUN_LABEL: "r"}


async def test_to_a_run_that_is_over_only_a_pod_that_is_held_is_news(api, put):
    runs, held = pods_of_runs(api), await put()
    assert runs.saw(None, held) == RUN
    runs.settle(RUN)
    free = await put(held=False)
    assert runs.saw(held, free) is None
    assert runs.saw(free, None) is None
    assert not runs.of
    assert not runs.lingering


async def test_a_run_that_may_be_taken_up_again_knows_which_pods_it_had(api, put):
    runs, pod = pods_of_runs(api), await put(held=False, status={"phase": "Running"})
    runs.saw(None, pod)
    assert runs.saw(pod, None) == RUN
    assert runs.lingering[RUN].has("x")


async def test_a_strangers_pod_was_never_one_of_the_runs(api, put):
    runs, pod = pods_of_runs(api), await put(held=False)
    strange = msgspec.structs.replace(
        pod, metadata=msgspec.structs.replace(pod.metadata, owner_references=[OTHER_OWNER])
    )
    runs.saw(None, strange)
    assert runs.saw(strange, None) is None
    assert not runs.lingering
    assert not runs.of


async def test_a_pod_that_was_let_go_and_went_is_not_looked_for_though_the_watch_last_shows_it_held(api, server, put):
    runs, held = pods_of_runs(api, RUN), await put()
    runs.saw(None, held)
    await task_pods.release(api, held, runs.of[RUN])
    await server.remove(PATH)
    runs.saw(held, None)
    asked = len(server.requests)
    await runs.bring_back(RUN)
    assert len(server.requests) == asked
