"""Which folders of a store are swept, against a small API server and a folder as the store."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from levada.kube.artifact_sweep import ArtifactSweep
from levada.kube.errors import NotLeaderError
from levada.planner.encoding import Row, encode_rows
from levada.planner.nodes import Phase
from levada.planner.podview import PodView
from levada.planner.retention import Defaults, History, ended_run
from levada.store.objects import exists, put_bytes
from levada.store.sweep import put_mark

RUNS = "/apis/levada.dev/v1alpha1/namespaces/a/pipelineruns"
SETTINGS = "/api/v1/namespaces/a/configmaps/levada-store"
GONE, OTHER = (f"{letter * 8}-1111-2222-3333-444444444444" for letter in "ab")
OVER = {"phase": "Succeeded", "completionTime": "2026-01-01T00:00:00Z"}


@pytest.fixture
def history():
    return History(timedelta())


@pytest.fixture
async def sweeper(api, server, store, history):
    """Sweeps the namespace `a`, in which the run GONE has left a folder."""
    await server.put(SETTINGS, data={"url": store.url})
    runtime = SimpleNamespace(api=api, pods=SimpleNamespace(store={}))
    made = ArtifactSweep(runtime, history, timedelta(minutes=10))
    made.namespaces.add("a")
    put_bytes(store, made_by(store, GONE), b"x")
    put_mark(store, "a", GONE, "gone")
    return made


def made_by(store, uid):
    return f"{store.url}/a/{uid}/train/0/model"


async def run(server, name="other", uid=OTHER, **content):
    return await server.put(f"{RUNS}/{name}", metadata={"uid": uid}, **({"spec": {}, "status": OVER} | content))


async def test_a_folder_goes_at_the_second_pass_that_finds_it_without_its_run(sweeper, store, server):
    await run(server)
    assert await sweeper.look() == 600
    assert exists(store, made_by(store, GONE))
    await sweeper.look()
    assert not exists(store, made_by(store, GONE))


async def test_a_folder_without_a_mark_is_never_touched(sweeper, store):
    put_bytes(store, made_by(store, OTHER), b"x")
    for _ in range(3):
        await sweeper.look()
    assert exists(store, made_by(store, OTHER))
    assert not exists(store, made_by(store, GONE))


async def test_the_folder_of_a_run_that_is_there_stays(sweeper, store, server):
    await run(server, uid=GONE)
    for _ in range(3):
        await sweeper.look()
    assert exists(store, made_by(store, GONE))


async def test_a_run_that_stays_for_git_only_loses_its_folder(sweeper, store, server, history):
    ended = ended_run(await run(server, uid=GONE), Defaults(), datetime.now(UTC))
    history.note(ended)
    history.settle(ended, is_kept=True)
    for _ in range(2):
        await sweeper.look()
    assert not exists(store, made_by(store, GONE))


@pytest.mark.parametrize("phase", ["Running", "Succeeded"])
@pytest.mark.parametrize("where", ["spec", "outputs", "taskStates"])
async def test_what_another_run_refers_to_stays_for_as_long_as_that_is_there(sweeper, store, server, where, phase):
    uri = {"model": {"uri": made_by(store, GONE)}}
    states = encode_rows([Row("t", Phase.SUCCEEDED, outputs=uri)])
    status = (
        OVER | {"phase": phase} | {"outputs": {"outputs": uri}, "taskStates": {"taskStates": states}}.get(where, {})
    )
    await run(server, spec={"parameters": uri} if where == "spec" else {}, status=status)
    for _ in range(3):
        await sweeper.look()
    assert exists(store, made_by(store, GONE))
    await server.remove(f"{RUNS}/other")
    for _ in range(2):
        await sweeper.look()
    assert not exists(store, made_by(store, GONE))


async def test_a_reference_that_comes_between_two_passes_is_seen_by_the_second(sweeper, store, server):
    await sweeper.look()
    await run(server, spec={"parameters": {"model": {"uri": made_by(store, GONE)}}})
    await sweeper.look()
    assert exists(store, made_by(store, GONE))


async def test_what_a_cache_entry_points_to_stays(sweeper, store):
    put_bytes(store, f"{store.url}/a/=cache/entries/1", made_by(store, GONE).encode())
    for _ in range(3):
        await sweeper.look()
    assert exists(store, made_by(store, GONE))


async def test_nothing_goes_while_a_pod_of_the_run_is_left(sweeper, store):
    owners = [{"kind": "PipelineRun", "name": "gone", "uid": GONE}]
    pod = msgspec.convert({"metadata": {"name": "p", "namespace": "a", "uid": "p", "ownerReferences": owners}}, PodView)
    sweeper._runtime.pods.store["a", "p"] = pod
    for _ in range(3):
        await sweeper.look()
    assert exists(store, made_by(store, GONE))


async def test_a_replica_that_may_not_lead_any_more_sweeps_nothing(sweeper, api, store):
    await sweeper.look()
    api.transport.fence = lambda: 0.0
    with pytest.raises(NotLeaderError):
        await sweeper.look()
    assert exists(store, made_by(store, GONE))


async def test_a_namespace_without_a_store_or_that_is_gone_is_asked_for_once(sweeper, server):
    sweeper.namespaces.add("gone")
    await sweeper.look()
    await sweeper.look()
    asked = [path for _, path in server.requests if path.endswith("/configmaps/levada-store")]
    assert [path.split("/")[4] for path in asked] == ["a", "gone", "a"]


async def test_a_folder_goes_though_its_store_was_away_for_a_while(sweeper, store, server):
    await server.remove(SETTINGS)
    await sweeper.look()
    await server.put(SETTINGS, data={"url": store.url})
    sweeper.namespaces.add("a")  # something of it was seen again
    for _ in range(2):
        await sweeper.look()
    assert not exists(store, made_by(store, GONE))


async def test_a_store_that_makes_no_sense_does_not_stop_the_next_namespace(sweeper, store, server):
    await server.put("/api/v1/namespaces/A/configmaps/levada-store", data={"url": "nowhere"})
    sweeper.namespaces.add("A")  # comes before `a`
    for _ in range(2):
        await sweeper.look()
    assert not exists(store, made_by(store, GONE))


async def test_a_run_that_cannot_be_read_may_refer_to_anything_and_does_not_stop_the_next_namespace(
    sweeper, store, server, caplog
):
    await server.put("/api/v1/namespaces/A/configmaps/levada-store", data={"url": store.url})
    sweeper.namespaces.add("A")  # comes before `a`
    put_bytes(store, kept := f"{store.url}/A/{GONE}/train/0/model", b"x")
    put_mark(store, "A", GONE, "gone")
    garbled = {"metadata": {"uid": OTHER}, "spec": {}, "status": OVER | {"taskStates": "no base64"}}
    await server.put(RUNS.replace("/a/", "/A/") + "/bad", **garbled)
    for _ in range(2):
        await sweeper.look()
    assert exists(store, kept)
    assert not exists(store, made_by(store, GONE))
    assert "taskStates) cannot be read" in caplog.text
