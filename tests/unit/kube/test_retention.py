"""Finished runs and ended Pods are removed, against a small API server."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from levada.kube import pod_cleanup, retention
from levada.kube.errors import NotLeaderError
from levada.kube.pod_cleanup import PodCleanup
from levada.kube.retention import Retention
from levada.planner.encoding import Row, encode_rows
from levada.planner.nodes import Phase
from levada.planner.podview import PodView
from levada.planner.retention import History
from unit.kube.fake_apiserver import refusal

RUNS = "/apis/levada.dev/v1alpha1/namespaces/a/pipelineruns"
PODS = "/api/v1/namespaces/a/pods"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
OVER = {"phase": "Succeeded", "completionTime": "2026-01-01T00:00:00Z"}
GIT = {"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}


@dataclass
class Settings:
    ttl_after_finished: timedelta | None = timedelta()
    pod_cleanup: str = "Never"
    sweep_every: timedelta = timedelta(hours=1)


class Told(list):
    def emit(self, about, type_, reason, message):
        self.append((about.name, reason))


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def keeper(api, told, monkeypatch):
    """What removes runs; nothing else is going on."""
    monkeypatch.setattr(retention, "_PACE", 0)
    return begin(api, told)


def begin(api, told):
    runtime = SimpleNamespace(api=api, recorder=told, pods=SimpleNamespace(synced=asyncio.Event(), namespaces=(None,)))
    return Retention(runtime, {}, Settings())


async def seen(keeper, server, name, at=LONG_AGO, *, changes=None, **more):
    """A run that the API server has and the reconciler has seen."""
    path = f"{RUNS}/{name}"
    run = await server.put(path, **({"spec": {}, "status": OVER} | more))
    keeper.run_seen(("a", name), run, at)
    if changes:
        await server.put(path, metadata=changes)
    return path


async def once(keeper):
    """One look at what is due."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(keeper._remove_runs(), 0.5)


async def test_a_run_whose_time_is_over_is_deleted_and_no_other(keeper, server):
    over = await seen(keeper, server, "over")
    just = await seen(keeper, server, "just", datetime.now(UTC))
    runs = await seen(keeper, server, "runs", status={"phase": "Running"})
    await once(keeper)
    assert over not in server.objects
    assert {just, runs} <= server.objects.keys()


async def test_a_run_that_was_marked_since_it_was_seen_stays_and_is_told_of_once(keeper, api, server, told):
    path = await seen(keeper, server, "kept", changes=GIT)
    await once(keeper)
    after_a_restart = begin(api, told)
    after_a_restart.run_seen(("a", "kept"), server.objects[path], LONG_AGO)
    await once(after_a_restart)
    assert told == [("kept", "KeptForGitOps")]
    assert "levada.dev/kept-for-gitops" in server.objects[path]["metadata"]["annotations"]


async def test_another_run_of_that_name_is_left_alone(keeper, server):
    path = await seen(keeper, server, "again", changes={"uid": "another"})
    await once(keeper)
    assert path in server.objects


async def test_a_run_that_cannot_be_deleted_does_not_stop_the_others(keeper, server):
    bad, good = await seen(keeper, server, "bad"), await seen(keeper, server, "good")
    server.fail("DELETE", "/bad", refusal(403, "Forbidden", "a policy"))
    await once(keeper)
    assert bad in server.objects
    assert good not in server.objects


async def test_a_replica_that_may_not_lead_any_more_deletes_nothing(keeper, api, server):
    path = await seen(keeper, server, "over")
    api.transport.fence = lambda: 0.0
    with pytest.raises(NotLeaderError):
        await keeper._remove_runs()
    assert path in server.objects


ENDED = {"phase": "Succeeded", "containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": 0}}}]}


class TestPods:
    now = 0.0

    @pytest.fixture
    def pods(self):
        return {("a", "r"): {}}

    @pytest.fixture
    def cleanup(self, api, pods, monkeypatch):
        monkeypatch.setattr(pod_cleanup, "_PACE", 0)
        monkeypatch.setattr(pod_cleanup, "time", SimpleNamespace(monotonic=lambda: self.now))
        made = PodCleanup(api, pods, History(timedelta()), timedelta(seconds=30))
        made.note(("a", "r"), "the-run", "OnCompletion")
        return made

    async def put(self, server, pods, name, *, finalizers=(), owner="the-run", status=None):
        annotations = {"levada.dev/task": name, "levada.dev/attempt": "0"}
        owners = [{"kind": "PipelineRun", "name": "r", "uid": owner}]
        metadata = {"annotations": annotations, "ownerReferences": owners, "finalizers": list(finalizers)}
        spec = {"nodeName": "n"}
        pod = await server.put(f"{PODS}/{name}", metadata=metadata, spec=spec, status=status or ENDED)
        pods["a", "r"][name] = msgspec.convert(pod, PodView)

    async def run(self, server, *rows, phase="Running"):
        status = {"phase": phase, "taskStates": encode_rows(list(rows))}
        await server.put(f"{RUNS}/r", metadata={"uid": "the-run"}, spec={}, status=status)

    def left(self, server):
        return sorted(path.rpartition("/")[2] for path in server.objects if path.startswith(PODS))

    async def looks(self, cleanup):
        await cleanup.look()
        self.now += 30
        await cleanup.look()

    async def test_a_pod_goes_once_it_has_rested_and_its_result_is_recorded(self, cleanup, pods, server):
        await self.put(server, pods, "recorded")
        await self.put(server, pods, "unrecorded")
        await self.run(server, Row("recorded", Phase.SUCCEEDED))
        await cleanup.look()
        self.now += 29
        await cleanup.look()
        assert self.left(server) == ["recorded", "unrecorded"]
        await self.looks(cleanup)
        assert self.left(server) == ["unrecorded"]

    async def test_held_live_and_foreign_pods_stay(self, cleanup, pods, server):
        await self.put(server, pods, "held", finalizers=["levada.dev/result"])
        await self.put(server, pods, "foreign", owner="another-run")
        live = {"phase": "Running", "containerStatuses": [{"name": "main", "state": {"running": {}}}]}
        await self.put(server, pods, "live", status=live)
        await self.run(server, phase="Succeeded")
        await self.looks(cleanup)
        assert self.left(server) == ["foreign", "held", "live"]

    async def test_a_run_of_the_same_name_says_nothing_about_these_pods(self, cleanup, pods, server):
        await self.put(server, pods, "t")
        await self.run(server, Row("t", Phase.SUCCEEDED), phase="Succeeded")
        await server.put(f"{RUNS}/r", metadata={"uid": "another"})
        await self.looks(cleanup)
        assert self.left(server) == ["t"]

    async def test_a_run_whose_record_is_garbled_or_whose_pods_are_refused_does_not_stop_the_others(
        self, cleanup, pods, server, caplog
    ):
        pods |= {("a", "bad"): {}, ("a", "refused"): {}}
        for name in ("bad", "refused"):
            cleanup._policies = {("a", name): (name, "OnCompletion")} | cleanup._policies
            await server.put(f"{RUNS}/{name}", metadata={"uid": name}, spec={}, status={"phase": "Succeeded"})
            await self.put(server, pods, f"pod-of-{name}", owner=name)
            pods["a", name] = {"pod": pods["a", "r"].pop(f"pod-of-{name}")}
        await server.put(f"{RUNS}/bad", status={"taskStates": "no base64"})
        server.fail("DELETE", "/pod-of-refused", refusal(403, "Forbidden", "a policy"))
        await self.put(server, pods, "t")
        await self.run(server, Row("t", Phase.SUCCEEDED), phase="Succeeded")
        await self.looks(cleanup)
        assert self.left(server) == ["pod-of-bad", "pod-of-refused"]
        assert {record.run for record in caplog.records} == {"bad", "refused"}
        self.now += 30
        await cleanup.look()
        assert self.left(server) == ["pod-of-bad"]
