"""Files and folders go to a store and come back whole, or not at all."""

import os
import subprocess
import sys
import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from levada.store.digest import EMPTY_FOLDER, bytes_digest
from levada.store.errors import DigestMismatchError, InputGoneError, LinkOutsideError, UnsafeKeyError, UriRefusedError
from levada.store.fingerprint import fingerprint
from levada.store.transfer import PART, download, upload

NAMES = st.text("ab.ü -_", min_size=1, max_size=6).filter(lambda name: name.strip("."))


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_file_comes_back_with_the_digest_of_its_content(store, tmp_path):
    (tmp_path / "model").write_bytes(b"weights")
    sent = upload(store, tmp_path / "model", f"{store.url}/a/model")
    assert sent == (bytes_digest(b"weights"), 7, 1)
    assert download(store, f"{store.url}/a/model", tmp_path / "back", digest=sent.digest) == sent
    assert (tmp_path / "back").read_bytes() == b"weights"


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART + 7])
def test_sizes_around_that_of_a_part_lose_no_byte(store, tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "big").write_bytes(content)
    sent = upload(store, tmp_path / "big", f"{store.url}/big")
    assert (sent.digest, sent.size) == (bytes_digest(content), size)
    download(store, f"{store.url}/big", tmp_path / "back", digest=sent.digest)
    assert (tmp_path / "back").read_bytes() == content


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=12))
def test_a_folder_comes_back_with_every_file(store, tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("folder")
    for index, (name, content) in enumerate(files.items()):
        place = folder / f"d{index % 3}" / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
    uri = f"{store.url}/{folder.name}"
    sent = upload(store, folder, uri)
    back = folder.with_name(f"{folder.name}-back")
    assert download(store, uri, back, digest=sent.digest) == sent
    assert files_below(back) == files_below(folder)


def test_an_empty_folder_comes_back_empty_though_a_store_has_none(store, tmp_path):
    (tmp_path / "empty").mkdir()
    sent = upload(store, tmp_path / "empty", f"{store.url}/empty")
    assert sent.digest == EMPTY_FOLDER
    download(store, f"{store.url}/empty", tmp_path / "back", digest=sent.digest)
    assert list((tmp_path / "back").iterdir()) == []
    with pytest.raises(InputGoneError):
        download(store, f"{store.url}/empty", tmp_path / "other")


@pytest.mark.threat(
    "an artifact is changed in the store",
    holds="whoever reads it checks its digest",
)
def test_content_that_was_changed_is_refused_and_what_stood_there_stays(store, tmp_path):
    (tmp_path / "model").write_bytes(b"weights")
    sent = upload(store, tmp_path / "model", f"{store.url}/model")
    (tmp_path / "store" / "model").write_bytes(b"weightz")
    (tmp_path / "back").write_bytes(b"before")
    with pytest.raises(DigestMismatchError):
        download(store, f"{store.url}/model", tmp_path / "back", digest=sent.digest)
    assert (tmp_path / "back").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_a_folder_whose_listing_changed_is_refused_by_its_fingerprint(store, tmp_path):
    (tmp_path / "store" / "data").mkdir()
    (tmp_path / "store" / "data" / "a").write_bytes(b"1")
    seen = fingerprint(store, f"{store.url}/data").digest
    download(store, f"{store.url}/data", tmp_path / "back", digest=seen)
    (tmp_path / "store" / "data" / "b").write_bytes(b"2")
    with pytest.raises(DigestMismatchError):
        download(store, f"{store.url}/data", tmp_path / "back", digest=seen)


def test_what_is_brought_for_a_task_can_be_read_and_not_written(store, tmp_path):
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "sub" / "file").write_bytes(b"x")
    upload(store, tmp_path / "data", f"{store.url}/data")
    download(store, f"{store.url}/data", tmp_path / "back", read_only=True)
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "back").rglob("*")]
    assert sorted(modes) == [0o444, 0o555]
    download(store, f"{store.url}/data", tmp_path / "back")  # replaces even what is write-protected


def test_a_link_that_leads_out_is_not_followed(store, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to("../secret")
    with pytest.raises(LinkOutsideError):
        upload(store, tmp_path / "out", f"{store.url}/out")
    assert files_below(tmp_path / "store") == {}


def test_nothing_is_written_outside_of_the_store(store, tmp_path):
    (tmp_path / "x").write_text("x")
    for uri in (f"{tmp_path.as_uri()}/elsewhere", "s3://bucket/x", store.url, f"{store.url}-2/x"):
        with pytest.raises(UriRefusedError):
            upload(store, tmp_path / "x", uri)


def test_a_key_that_is_too_long_is_refused_before_anything_is_sent(store, tmp_path):
    (tmp_path / "x").write_text("x")
    with pytest.raises(UnsafeKeyError):
        upload(store, tmp_path / "x", f"{store.url}/{'/'.join(['k' * 200] * 6)}")


def test_memory_stays_bounded_whatever_is_moved(tmp_path):
    # In a process of its own: its peak is known to the kernel, and nobody else adds to it.
    program = """
        import resource, sys
        from pathlib import Path
        from levada.store.config import from_mapping
        from levada.store.stores import Stores
        from levada.store.transfer import download, upload
        here = Path(sys.argv[1])
        store = Stores(from_mapping({"url": (here / "store").as_uri()}))
        (here / "small").write_bytes(b"x")
        upload(store, here / "small", f"{store.url}/small")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sent = upload(store, here / "large", f"{store.url}/large")
        download(store, f"{store.url}/large", here / "back", digest=sent.digest)
        print(sent.size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """
    (tmp_path / "store").mkdir()
    size = 200 << 20
    with (tmp_path / "large").open("wb") as large:
        large.truncate(size)
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)]
    sent, grown_kib = map(int, subprocess.check_output(command, timeout=300).split())
    for path in (tmp_path / "large", tmp_path / "back", tmp_path / "store" / "large"):
        path.unlink()
    assert sent == size
    assert grown_kib < 100 << 10
