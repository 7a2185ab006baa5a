"""URIs: one place each, and no way out of a prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from levada.store.errors import UriRefusedError
from levada.store.uri import name_fault, parse_uri


@pytest.mark.threat(
    "a key of a store leads out of the folder it is written to (`..`, absolute, devices)",
    holds="such keys are refused; archives are never unpacked",
)
@pytest.mark.parametrize(
    "uri",
    ["", "bucket/key", "http://host/key", "s3://", "s3:///key", "s3://b/a/../../c", "s3://b/a//c", "s3://b/./a",
     "s3://b/a\nb", "file://host/a", "file:///a/%2e%2e/b", "s3://b/" + "k" * 256, "s3://a b/c", "s3://{}/c", "gs://b\x01/c"],
)  # fmt: skip
def test_what_could_mean_another_place_is_refused(uri):
    with pytest.raises(UriRefusedError):
        parse_uri(uri)


def test_a_key_stands_as_it_is_but_in_a_file_uri():
    assert parse_uri("s3://b/a%20b").key == "a%20b"
    assert parse_uri("file:///a%20b").key == "a b"
    assert str(parse_uri("file:///a%20b")) == "file:///a%20b"


def test_an_absolute_path_is_a_file_as_it_is_written():
    assert parse_uri("/a b/c%20d") == ("file", "", "a b/c%20d")
    with pytest.raises(UriRefusedError):
        parse_uri("/a/../b")


@pytest.mark.parametrize(
    ("uri", "root", "under"),
    [
        ("s3://b/team-a/x", "s3://b/team-a", True),
        ("s3://b/team-a", "s3://b/team-a/", True),
        ("s3://b/team-ab/x", "s3://b/team-a", False),
        ("s3://other/team-a/x", "s3://b/team-a", False),
        ("gs://b/team-a/x", "s3://b/team-a", False),
        ("s3://b/x", "s3://b", True),
    ],
)
def test_a_prefix_ends_at_a_slash(uri, root, under):
    assert parse_uri(uri).is_under(parse_uri(root)) == under


@given(st.text(min_size=1, max_size=40))
def test_a_name_that_is_taken_can_be_a_key_everywhere(name):
    if name_fault(name) is None:
        assert parse_uri(f"s3://bucket/root/{name}").key == f"root/{name}"
        assert ".." not in name.split("/")


@pytest.mark.parametrize("name", ["a\\b", "a#1", "a|", "../a", "/a", "a//b", "a\x00", "\ud800", "n" * 256])
def test_a_name_that_some_store_would_misread_is_refused_on_all(name):
    assert name_fault(name)
