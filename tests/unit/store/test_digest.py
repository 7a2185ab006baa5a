"""Digests: of content and names alone, the same on every engine, for ever."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from levada.store.digest import EMPTY_FOLDER, FileDigest, bytes_digest, folder_content

_files = st.lists(
    st.builds(FileDigest, st.text(min_size=1, max_size=9), st.integers(0, 9), st.binary().map(bytes_digest)),
    max_size=6, unique_by=lambda file: file.name,
)  # fmt: skip


def test_the_format_is_fixed_since_cache_entries_and_old_runs_hold_it():
    line = f"{hashlib.sha256(b'x').hexdigest()} 1 a/b\0"
    expected = hashlib.sha256(("levada folder 1\n" + line).encode()).hexdigest()
    assert folder_content([FileDigest("a/b", 1, bytes_digest(b"x"))]) == (f"sha256:{expected}", 1, 1)
    assert "sha256:" + hashlib.sha256(b"levada folder 1\n").hexdigest() == EMPTY_FOLDER


@given(_files, st.randoms(use_true_random=False))
def test_the_order_in_which_files_were_found_does_not_matter(files, order):
    shuffled = list(files)
    order.shuffle(shuffled)
    assert folder_content(shuffled) == folder_content(files)


@given(_files, _files)
def test_two_folders_have_one_digest_only_if_they_are_the_same(one, other):
    assert (folder_content(one).digest == folder_content(other).digest) == (set(one) == set(other))


def test_a_file_and_a_folder_that_holds_just_it_differ():
    assert folder_content([FileDigest("data", 1, bytes_digest(b"x"))]).digest != bytes_digest(b"x")
