"""An output is walked without being led out of it."""

import os

import pytest

from levada.store import links
from levada.store.errors import LinkOutsideError, OutputMissingError, OutputUnreadableError, UnsupportedFileError
from levada.store.links import find_output, open_found


@pytest.fixture
def home(tmp_path):
    folder = tmp_path.resolve() / "outputs"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    return folder


def names(found):
    return [file.name for file in found.files]


def test_files_are_found_by_their_paths_in_order(home):
    for name in ("b", "a/2", "a/1"):
        (home / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "data" / name).write_text(name)
    found = find_output(home / "data", home)
    assert (names(found), found.size) == (["a/1", "a/2", "b"], 7)


def test_links_that_stay_inside_are_what_they_point_to(home):
    (home / "data" / "sub").mkdir(parents=True)
    (home / "data" / "sub" / "file").write_text("x")
    (home / "data" / "link").symlink_to("sub/file")
    (home / "data" / "folder").symlink_to("sub")
    found = find_output(home / "data", home)
    assert names(found) == ["folder/file", "link", "sub/file"]
    assert open_found(found, "link").read() == b"x"


@pytest.mark.threat(
    "an output links to the agent's files",
    holds="links that lead out of the output are refused (`LinkOutside`)",
)
@pytest.mark.parametrize("target", ["../../secret", "..", "/etc/passwd"])
def test_links_that_lead_out_are_refused(home, target):
    (home / "data").mkdir()
    (home / "data" / "link").symlink_to(target)
    with pytest.raises(LinkOutsideError):
        find_output(home / "data", home)


def test_a_folder_that_the_task_replaced_by_a_link_is_noticed(home, tmp_path):
    home.rmdir()
    home.symlink_to(tmp_path)
    (tmp_path / "data").write_text("x")
    with pytest.raises(LinkOutsideError):
        find_output(home / "data", home)


@pytest.mark.threat(
    "a file of an output is swapped for a link while it is collected",
    holds="what is opened is checked once more",
)
def test_a_file_that_was_swapped_for_a_link_after_it_was_found_is_not_opened(home):
    (home / "data").mkdir()
    (home / "data" / "file").write_text("x")
    found = find_output(home / "data", home)
    (home / "data" / "file").unlink()
    (home / "data" / "file").symlink_to("../../secret")
    with pytest.raises(LinkOutsideError):
        open_found(found, "file")


def test_a_file_that_was_swapped_for_a_pipe_does_not_hold_us(home):
    (home / "data").mkdir()
    (home / "data" / "file").write_text("x")
    found = find_output(home / "data", home)
    (home / "data" / "file").unlink()
    os.mkfifo(home / "data" / "file")
    with pytest.raises(UnsupportedFileError):
        open_found(found, "file")


def test_folders_that_hold_themselves_end(home):
    (home / "data").mkdir()
    (home / "data" / "again").symlink_to(".")
    with pytest.raises(UnsupportedFileError, match="never ends"):
        find_output(home / "data", home)


@pytest.mark.threat(
    "an output's links multiply without end",
    holds="files and folders are counted, and the number is bounded",
)
def test_chains_of_linked_folders_end(home, monkeypatch):
    """Without a file in them, too: forty such folders have a million million ways through them."""
    monkeypatch.setattr(links, "MOST_FILES", 1000)
    for number in range(40):
        folder = home / "data" / f"f{number}"
        folder.mkdir(parents=True)
        for link in ("a", "b"):
            (folder / link).symlink_to(f"../f{number + 1}")
    (home / "data" / "f40").mkdir()
    with pytest.raises(UnsupportedFileError, match="more than 1000 files and folders"):
        find_output(home / "data", home)


@pytest.mark.parametrize("name", ["a\\b", "x#1", "line\nend"])
def test_names_that_some_store_would_misread_are_refused(home, name):
    (home / "data").mkdir()
    (home / "data" / name).write_text("x")
    with pytest.raises(UnsupportedFileError):
        find_output(home / "data", home)


def test_nothing_is_called_nothing(home):
    with pytest.raises(OutputMissingError):
        find_output(home / "data", home)


def test_what_may_not_be_read_is_told_with_the_cure(home):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    (home / "data").write_text("x")
    (home / "data").chmod(0)
    with pytest.raises(OutputUnreadableError, match="umask"):
        open_found(find_output(home / "data", home), "")
