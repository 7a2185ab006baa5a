"""A Python of an attempt's own: it has pip without any network, and attempts do not see one another's."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from levada.local.python import environment_of, make_python, wants_python


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["python3", "-m", "x"], True),
        (["sh", "-c", "pip install numpy && program"], True),
        (["/usr/bin/python3.11"], True),
        (["sh", "-c", "echo hello"], False),
        ([], False),
    ],
)
def test_a_command_that_speaks_of_python_or_pip_gets_one(arguments, wanted):
    assert wants_python(arguments) is wanted


def run(folder, *command):
    environment = {**environment_of(str(folder), os.environ["PATH"]), "PIP_NO_INDEX": "1"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


def test_commands_are_found_in_it_first_and_packages_too(tmp_path):
    environment = environment_of(str(tmp_path), "/usr/bin:/bin")
    assert environment["PATH"] == f"{tmp_path}/python/bin:/usr/bin:/bin"
    assert environment["VIRTUAL_ENV"] == f"{tmp_path}/python"
    assert environment["PYTHONPATH"].startswith(f"{tmp_path}/python/lib/")


@pytest.mark.parametrize("command", ["python3 -m pip --version", "pip --version", "pip3 --version"])
def test_it_has_pip_without_a_network(tmp_path, command):
    make_python(str(tmp_path / "own"), tmp_path / "shared")
    assert f" from {tmp_path / 'shared'}/" in run(tmp_path / "own", "sh", "-c", command)


def test_it_is_the_attempts_own_whatever_else_is_there(tmp_path):
    make_python(str(tmp_path / "own"), tmp_path / "shared")
    said = run(
        tmp_path / "own", "python3", "-c", "import sys, sysconfig; print(sys.prefix, sysconfig.get_path('purelib'))"
    )
    assert all(place.startswith(str(tmp_path / "own")) for place in said.split())


def test_several_are_made_at_once_with_one_shared_folder(tmp_path):
    folders = [tmp_path / name for name in "abcd"]
    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(lambda folder: make_python(str(folder), tmp_path / "shared"), folders))
    assert len(list((tmp_path / "shared").iterdir())) == 1
    assert all(run(folder, "pip", "--version").startswith("pip ") for folder in folders)


def test_the_shared_folder_is_not_made_again(tmp_path):
    make_python(str(tmp_path / "a"), tmp_path / "shared")
    (made,) = (tmp_path / "shared").iterdir()
    before = made.stat().st_ino
    make_python(str(tmp_path / "b"), tmp_path / "shared")
    assert [path.stat().st_ino for path in (tmp_path / "shared").iterdir()] == [before]
