"""Objects, manifests and fingerprints."""

import pytest

from levada.planner.handoff import Manifest, OutputRecord
from levada.planner.locations import manifest_uri
from levada.store.config import from_mapping
from levada.store.errors import DigestMismatchError, InputGoneError, OutputsLostError, UriRefusedError
from levada.store.fingerprint import fingerprint
from levada.store.manifest import read_manifest, write_manifest
from levada.store.objects import exists, find, get_bytes, put_bytes, remove
from levada.store.stores import Stores


def test_an_object_is_written_read_listed_and_removed(store):
    put_bytes(store, f"{store.url}/a/1", b"one")
    put_bytes(store, f"{store.url}/a/2", b"two")
    assert get_bytes(store, f"{store.url}/a/1", 3) == b"one"
    assert [(file.name, file.size) for file in find(store, store.reading(f"{store.url}/a"))] == [("1", 3), ("2", 3)]
    assert remove(store, f"{store.url}/a") == 2
    assert not exists(store, f"{store.url}/a")


def test_what_stands_beside_a_prefix_is_not_below_it(store):
    put_bytes(store, f"{store.url}/team-a/x", b"1")
    put_bytes(store, f"{store.url}/team-ab/x", b"1")
    assert remove(store, f"{store.url}/team-a") == 1
    assert exists(store, f"{store.url}/team-ab/x")


def test_what_may_be_read_besides_the_store_may_not_be_written(tmp_path):
    for name in ("store", "shared", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(b"x")
    shared = (tmp_path / "shared").as_uri()
    store = Stores(from_mapping({"url": (tmp_path / "store").as_uri(), "readUrls": shared}))
    assert get_bytes(store, f"{shared}/x", 10) == b"x"
    with pytest.raises(UriRefusedError):
        put_bytes(store, f"{shared}/x", b"y")
    with pytest.raises(UriRefusedError):
        get_bytes(store, f"{(tmp_path / 'other').as_uri()}/x", 10)


class TestFingerprint:
    def test_changes_with_a_name_a_size_or_a_version_and_with_nothing_else(self, store):
        put_bytes(store, f"{store.url}/d/a", b"1")
        seen = [fingerprint(store, f"{store.url}/d").digest]
        assert fingerprint(store, f"{store.url}/d").digest == seen[0]
        for name, content in (("b", b"1"), ("a", b"22"), ("a", b"33")):
            put_bytes(store, f"{store.url}/d/{name}", content)
            seen.append(fingerprint(store, f"{store.url}/d").digest)
        assert len(set(seen)) == 4

    def test_of_nothing_is_an_error(self, store):
        with pytest.raises(InputGoneError):
            fingerprint(store, f"{store.url}/nothing")


class TestManifest:
    MANIFEST = Manifest({"n": OutputRecord(text="7")})

    def test_is_read_as_it_was_written(self, store):
        root = f"{store.url}/ns/uid/task/0"
        digest = write_manifest(store, root, self.MANIFEST)
        assert read_manifest(store, root, digest) == self.MANIFEST

    def test_that_is_missing_or_cut_means_that_the_outputs_are_lost(self, store):
        root = f"{store.url}/ns/uid/task/0"
        with pytest.raises(OutputsLostError, match="outputGracePeriod"):
            read_manifest(store, root)
        put_bytes(store, manifest_uri(root), b'{"outputs": {"n"')
        with pytest.raises(OutputsLostError):
            read_manifest(store, root)

    def test_other_than_the_one_reported_is_refused(self, store):
        root = f"{store.url}/ns/uid/task/0"
        digest = write_manifest(store, root, self.MANIFEST)
        write_manifest(store, root, Manifest({"n": OutputRecord(text="8")}))
        with pytest.raises(DigestMismatchError):
            read_manifest(store, root, digest)
