"""Names: the same whoever makes them, and never the same for two things."""

import string

from hypothesis import example, given
from hypothesis import strategies as st

from levada.planner.locations import attempt_root, manifest_uri, output_uri, segment
from levada.planner.names import pod_name, slugs

LABEL = set(string.ascii_lowercase + string.digits + "-")
_runs = st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_paths = st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\[[0-9]{1,4}\])?(\.[a-z0-9]{1,63})?\Z")


@given(_runs, _paths, st.integers(0, 99))
@example("r" * 63, "t" * 63, 99)
def test_a_pods_name_is_a_label_of_at_most_63_characters(run, path, attempt):
    name = pod_name(run, "uid", path, attempt)
    assert len(name) <= 63
    assert set(name) <= LABEL
    assert name[0] != "-" != name[-1]


@given(_runs, st.lists(st.tuples(_paths, st.integers(0, 9)), min_size=2, max_size=9, unique=True))
def test_no_two_attempts_share_a_pods_name(run, attempts):
    assert len({pod_name(run, "uid", path, attempt) for path, attempt in attempts}) == len(attempts)


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=9, unique=True))
@example(["a b", "a-b", "a.b", "a/b"])
@example(["a-b-2", "a b", "a-b"])
@example(["..", "."])
def test_each_name_has_a_folder_of_its_own(names):
    folders = slugs(tuple(names))
    assert len(set(folders.values())) == len(names)
    for folder in folders.values():
        assert folder not in ("", ".", "..")
        assert "/" not in folder


@given(st.lists(st.text(min_size=1, max_size=300), min_size=2, max_size=5, unique=True))
@example(["manifest.json", "=6Danifest.json"])
@example(["a" * 400, "a" * 401])
def test_no_two_names_share_a_place_in_the_store(names):
    assert len({segment(name) for name in names}) == len(names)
    assert all(len(segment(name)) <= 255 and "/" not in segment(name) for name in names)


def test_places_in_the_store_are_as_documented():
    root = attempt_root("s3://bucket/root/", "ns", "uid", "sweep[3].fit", 2)
    assert root == "s3://bucket/root/ns/uid/sweep=5B3=5D.fit/2"
    assert output_uri(root, "my model") == f"{root}/my=20model"
    assert output_uri(root, "manifest.json") != manifest_uri(root)
