"""Folders that cannot be written and disks that are full: exit code 4 and a sentence; with room the run goes on."""

import os
import subprocess

import pytest

from local.program import script

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes."""
    if os.geteuid() != 0:
        pytest.skip("left out, the full disk: only root may mount a small one")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"left out, the full disk: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_file_in_the_place_of_the_folder(levada):
    (levada.folder / ".levada").write_text("mine")
    done = levada.run(levada.write("blocked", {"a": script("true")}))
    assert done.code == 4
    assert "cannot be used" in done.err
    assert "LEVADA_HOME" in done.err
    assert (levada.folder / ".levada").read_text() == "mine"


def test_a_folder_that_may_not_be_written(levada, small_disk):
    levada.env["LEVADA_HOME"] = str(small_disk / "state")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    done = levada.run(levada.write("sealed", {"a": script("true")}))
    assert done.code == 4
    assert "read-only file system" in done.err


def test_a_full_disk_ends_the_command_and_with_room_the_run_goes_on(levada, small_disk):
    levada.env["LEVADA_HOME"] = str(small_disk)
    tasks = {
        "small": script("true"),
        "large": script('head -c 3500000 /dev/zero > "$1"', {"outputPath": "data"},
                        outputs=[{"name": "data", "type": "Dataset"}], after=["small"]),
    }  # fmt: skip
    path = levada.write("full", tasks)
    done = levada.run(path)  # The output and its copy in the store are more than there is.
    assert done.code == 4
    assert "no space left" in done.err
    subprocess.run(["mount", "-o", "remount,size=30m", small_disk], check=True)
    again = levada.run(path)
    assert again.code == 0, again.err
    assert again.tasks["small"]["attempts"] == 1
    assert again.tasks["large"]["attempts"] == 1, "its process had ended well: only its output had to be stored"


def test_a_disk_that_is_full_from_the_beginning(levada, small_disk):
    levada.env["LEVADA_HOME"] = str(small_disk)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "filler").write_bytes(bytes(10_000_000))
    done = levada.run(levada.write("none", {"a": script("true")}))
    assert done.code == 4
    assert "no space left" in done.err


@pytest.mark.parametrize("name", ["../out", "UPPER", "a" * 64, "-a"])
def test_names_that_are_no_folders(levada, name):
    done = levada.run(levada.write("fine", {"a": script("true")}), f"--name={name}")
    assert done.code == 2
    assert "name" in done.err
    assert not (levada.folder / ".levada").exists()
