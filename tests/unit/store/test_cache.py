"""The cache of results in a store."""

from datetime import UTC, datetime, timedelta

import pytest

from levada.graph.model import Artifact, Component, Input, Output
from levada.graph.policies import Cache
from levada.planner.flow.cache import Hit, Miss
from levada.planner.flow.lookups import Lookup
from levada.planner.locations import entry_uri
from levada.planner.run import Run
from levada.store.cache import ResultCache
from levada.store.content import content, holds
from levada.store.digest import EMPTY_FOLDER
from levada.store.errors import StoreDeniedError, StoreError, StoreUnavailableError
from levada.store.fingerprint import fingerprint
from levada.store.lookup import Finder
from levada.store.objects import get_bytes, put_bytes, remove
from levada.store.stores import Stores
from unit.planner.graphs import graph, task
from unit.store.s3_stub import answering, error, stores_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANY_AGE = Cache()
LEARNER = Component(
    {"data": Input("data", "Dataset", False), "epochs": Input("epochs", "Integer", True)},
    {"model": Output("model", "Model", False), "loss": Output("loss", "Float", True)},
    "image",
)


@pytest.fixture
def cache(store):
    return ResultCache(store, store.url, "team")


@pytest.fixture
def model(store):
    """A model in two files, with its digest."""
    uri = f"{store.url}/team/uid/train/0/model"
    for name, data in (("a", b"one"), ("b", b"two")):
        put_bytes(store, f"{uri}/{name}", data)
    return Artifact(uri, content(store, uri).digest, "Model", {"rows": 3})


@pytest.fixture
def work(cache):
    return work_in(cache)


def work_in(cache, **inputs):
    return cache.work(LEARNER, "train", {"data": Artifact("s3://x/y", "sha256:1"), "epochs": 5} | inputs, {}, "")


def find(cache, work, policy=ANY_AGE, now=NOW):
    return cache.find(work, LEARNER, policy, now)


def test_results_are_found_as_they_were_kept(cache, work, model):
    outputs = {"model": model, "loss": 0.5}
    cache.keep(work, "run-1", "train", outputs, NOW)
    assert find(cache, work) == Hit(outputs, "train of run-1")


def test_a_miss_is_told_by_what_the_same_task_did_and_not_by_a_later_one_of_another_task(cache, work):
    cache.keep(work, "run-1", "train", {}, NOW)
    other = cache.work(LEARNER, "elsewhere", {"data": Artifact("s3://x/y", "sha256:2"), "epochs": 6}, {}, "")
    cache.keep(other, "run-2", "elsewhere", {}, NOW)
    assert find(cache, work_in(cache, epochs=6)) == Miss("InputChanged: epochs")
    again = cache.work(LEARNER, "a-third", {"data": Artifact("s3://x/y", "sha256:2"), "epochs": 5}, {}, "")
    assert find(cache, again) == Miss("InputChanged: epochs")  # there is no nearer work than that of `elsewhere`


def test_another_namespace_has_another_cache(store, cache, work, model):
    cache.keep(work, "run-1", "train", {"model": model}, NOW)
    assert find(ResultCache(store, store.url, "other"), work) == Miss("NoEntry")


def test_a_task_without_outputs_has_results_too(cache, work):
    cache.keep(work, "run-1", "train", {}, NOW)
    assert find(cache, work) == Hit({}, "train of run-1")


def test_an_empty_folder_has_results_that_still_stand(cache, work, store):
    cache.keep(work, "run-1", "train", {"model": Artifact(f"{store.url}/none", EMPTY_FOLDER)}, NOW)
    assert isinstance(find(cache, work), Hit)


def test_entries_are_stale_after_as_long_as_the_task_says(cache, work):
    cache.keep(work, "run-1", "train", {}, NOW)
    later = NOW + timedelta(minutes=2)
    assert find(cache, work, Cache(max_staleness=60), later) == Miss("Expired")
    assert isinstance(find(cache, work, Cache(max_staleness=180), later), Hit)


def test_a_miss_says_what_changed_since_the_nearest_work(cache, work):
    cache.keep(work, "run-1", "train", {}, NOW)
    assert find(cache, work_in(cache, epochs=6)) == Miss("InputChanged: epochs")


@pytest.mark.parametrize("damage", ["changed", "gone", "more"])
def test_artifacts_that_are_not_as_they_were_are_a_miss(cache, work, model, store, damage):
    cache.keep(work, "run-1", "train", {"model": model}, NOW)
    if damage == "gone":
        remove(store, model.uri)
    else:
        put_bytes(store, f"{model.uri}/{'a' if damage == 'changed' else 'c'}", b"ONE")
    assert find(cache, work) == Miss("OutputsGone")


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-9], lambda data: data.replace(b"uid", b"UID")]
)
def test_an_entry_that_is_damaged_is_a_miss(cache, work, model, store, damage):
    cache.keep(work, "run-1", "train", {"model": model}, NOW)
    uri = entry_uri(store.url, "team", work.key)
    put_bytes(store, uri, damage(get_bytes(store, uri, 1 << 20)))
    assert find(cache, work) == Miss("OutputsGone")
    assert list(cache.entries()) == []


def test_artifacts_written_by_the_task_itself_are_kept_only_as_they_were_recorded(cache, work, store, model):
    recorded = Artifact(model.uri, fingerprint(store, model.uri).digest)
    cache.keep(work, "run-1", "train", {"model": recorded}, NOW)
    put_bytes(store, f"{model.uri}/a", b"changed")
    with pytest.raises(StoreError, match="changed after it was recorded"):
        cache.keep(work_in(cache, epochs=6), "run-1", "train", {"model": recorded}, NOW)
    assert len(list(cache.entries())) == 1


class TestExternalData:
    def test_that_changed_behind_its_uri_is_other_work(self, cache, store):
        uri = f"{store.url}/shared"
        put_bytes(store, f"{uri}/a", b"1")
        cache.keep(work_in(cache, data=Artifact(uri)), "run-1", "train", {}, NOW)
        assert isinstance(find(cache, work_in(cache, data=Artifact(uri))), Hit)
        put_bytes(store, f"{uri}/b", b"2")
        assert find(cache, work_in(cache, data=Artifact(uri))) == Miss("InputChanged: data")

    def test_that_is_not_there_or_may_not_be_listed_is_never_cached(self, cache, store, tmp_path):
        assert work_in(cache, data=Artifact(f"{store.url}/nothing")) == Miss("Unverifiable")
        (tmp_path / "elsewhere").write_text("x")
        assert work_in(cache, data=Artifact((tmp_path / "elsewhere").as_uri())) == Miss("Unverifiable")


class TestAStoreThatDoesNotAnswer:
    def test_is_asked_again_later(self, work):
        with answering(503, error("SlowDown")) as endpoint:
            stores = stores_at(endpoint)
            with pytest.raises(StoreUnavailableError):
                find(ResultCache(stores, stores.url, "team"), work)

    def test_says_so_where_it_denies_for_other_keys_may_do(self, work):
        with answering(403, error("AccessDenied")) as endpoint:
            stores = stores_at(endpoint)
            cache = ResultCache(stores, stores.url, "team")
            with pytest.raises(StoreDeniedError):
                find(cache, work)
            with pytest.raises(StoreDeniedError):
                work_in(cache, data=Artifact(f"{stores.url}/shared"))

    def test_says_so_of_an_earlier_runs_artifacts_too(self):
        with answering(403, error("AccessDenied")) as endpoint:
            stores = stores_at(endpoint)
            leaf = Run(graph(task("a")), {}).leaves["a"]
            model = Artifact(f"{stores.url}/team/uid/a/0/m", "sha256:1")
            with pytest.raises(StoreDeniedError):
                Finder(stores, "team", "run-2").begin(Lookup(leaf, {"m": model}, "run-1"))


class TestPruning:
    def test_removes_what_is_older_and_leaves_the_artifacts(self, cache, work, model, store):
        cache.keep(work, "run-1", "train", {"model": model}, NOW - timedelta(days=8))
        newer = work_in(cache, epochs=6)
        cache.keep(newer, "run-2", "train", {}, NOW)
        assert cache.prune(NOW - timedelta(days=7)) == 1
        assert [entry.run for entry in cache.entries()] == ["run-2"]
        assert holds(store, model.uri, model.digest)
        assert find(cache, work) == Miss("InputChanged: epochs")

    def test_of_everything_forgets_what_there_was(self, cache, work):
        cache.keep(work, "run-1", "train", {}, NOW)
        assert [cache.prune(None), cache.prune(None)] == [1, 0]
        assert find(cache, work_in(cache, epochs=6)) == Miss("NoEntry")


class TestWhetherAnArtifactStillStands:
    def test_by_its_content(self, store, model):
        assert holds(store, model.uri, model.digest)
        put_bytes(store, f"{model.uri}/a", b"ONE")
        assert not holds(store, model.uri, model.digest)
        remove(store, model.uri)
        assert not holds(store, model.uri, model.digest)

    def test_by_its_listing_where_only_that_was_taken(self, store, model):
        seen = fingerprint(store, model.uri).digest
        assert holds(store, model.uri, seen)
        put_bytes(store, f"{model.uri}/a", b"ONE")
        assert not holds(store, model.uri, seen)

    def test_a_file_and_an_empty_folder_too(self, store):
        put_bytes(store, f"{store.url}/file", b"one")
        assert holds(store, f"{store.url}/file", content(store, f"{store.url}/file").digest)
        assert holds(Stores(None, any_file=True), f"{store.url}/nothing", EMPTY_FOLDER)
