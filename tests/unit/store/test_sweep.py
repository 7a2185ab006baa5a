"""Folders of runs: marked, found, swept; on a disk and on S3."""

import pytest

from levada.planner.locations import attempt_root, mark_uri, output_uri, run_root
from levada.store.errors import StoreError
from levada.store.objects import exists, get_bytes, put_bytes
from levada.store.sweep import cached_runs, is_marked, put_mark, run_folders, runs_in, sweep
from unit.store.s3_server import serving
from unit.store.s3_stub import answering, error, stores_at

A, B, C = (f"{letter * 8}-1111-2222-3333-444444444444" for letter in "abc")


@pytest.fixture
def bucket():
    with serving() as (url, objects):
        yield url, objects


@pytest.fixture(params=["file", "s3"])
def stores(request, store):
    """The namespace's store, on a disk and on S3."""
    return store if request.param == "file" else stores_at(request.getfixturevalue("bucket")[0])


def fill(stores, uid, namespace="team", outputs=3):
    """The URIs of what a run has made."""
    root = attempt_root(stores.url, namespace, uid, "train", 0)
    uris = [output_uri(root, f"o{number}") for number in range(outputs)]
    for uri in uris:
        put_bytes(stores, uri, b"x")
    return uris


def test_a_run_that_is_marked_is_swept_and_its_neighbours_stay(stores):
    mine, other, elsewhere = fill(stores, A), fill(stores, B), fill(stores, A, "another")
    for uid in (A, B):
        put_mark(stores, "team", uid, "run")
    assert run_folders(stores, "team") == {A, B}
    assert sweep(stores, "team", A) == len(mine)
    assert not exists(stores, run_root(stores.url, "team", A))
    assert all(exists(stores, uri) for uri in (*other, *elsewhere))
    assert is_marked(stores, "team", B)


def test_a_sweep_that_is_interrupted_leaves_the_mark_so_that_the_next_one_ends_it(stores):
    fill(stores, A)
    put_mark(stores, "team", A, "run")

    class StopError(Exception):
        pass

    calls = []

    def second():
        calls.append(1)
        if len(calls) == 2:
            raise StopError

    with pytest.raises(StopError):
        sweep(stores, "team", A, second)
    assert is_marked(stores, "team", A)
    sweep(stores, "team", A)
    assert not exists(stores, run_root(stores.url, "team", A))
    assert sweep(stores, "team", A) == 0


def test_a_folder_is_marked_by_a_mark_of_its_own_only(stores):
    put_mark(stores, "team", A, "run")
    assert is_marked(stores, "team", A)
    assert not is_marked(stores, "team", B)
    copied = get_bytes(stores, mark_uri(run_root(stores.url, "team", A)), 1000)
    for uid, data in ((B, copied), (C, b"{}")):
        put_bytes(stores, mark_uri(run_root(stores.url, "team", uid)), data)
        assert not is_marked(stores, "team", uid)


def test_what_is_not_called_like_a_run_is_no_runs_folder(stores):
    fill(stores, A)
    for name in ("=cache", "mine", f"{A}-old"):
        put_bytes(stores, f"{stores.url}/team/{name}/x", b"x")
    assert run_folders(stores, "team") == {A}
    assert run_folders(stores, "nobody") == set()


def test_runs_that_the_cache_of_the_namespace_points_to_are_known(stores):
    (uri, *_) = fill(stores, A)
    put_bytes(stores, f"{stores.url}/team/=cache/entries/0123", f'{{"outputs": {{"o": "{uri}"}}}}'.encode())
    put_bytes(stores, f"{stores.url}/another/=cache/entries/0123", uri.replace(A, B).encode())
    assert cached_runs(stores, "team") == {A}
    assert cached_runs(stores, "nobody") == set()


def test_thousands_of_objects_go_page_by_page(bucket):
    url, objects = bucket
    stores = stores_at(url)
    put_mark(stores, "team", A, "run")
    root = f"root/team/{A}/train/0"
    objects |= {f"{root}/{number}": b"x" for number in range(2500)}
    pages = []
    assert sweep(stores, "team", A, lambda: pages.append(1)) == 2500
    assert not objects
    assert len(pages) >= 3


def test_a_store_that_refuses_is_not_a_store_without_marks():
    with answering(403, error("AccessDenied")) as url, pytest.raises(StoreError):
        is_marked(stores_at(url), "team", A)


def test_runs_are_found_in_any_text_by_the_folder_that_a_uri_names():
    text = f'{{"o": {{"uri": "s3://b/p/team/{A}/train/0/o"}}, "p": "[\\"s3://b/team/{B}\\"]", "q": "s3://b/x/{C}/y"}}'
    assert runs_in(text, "team") == {A, B}
    assert runs_in(f"/team/{A}-more/x", "team") == set()
    assert runs_in(f"/team/{A}", "tea.") == set()
