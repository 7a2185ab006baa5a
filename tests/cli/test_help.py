"""The program as such: help, unknown commands, broken pipes."""

import subprocess
import sys

import pytest

from cli.conftest import PROGRAM, TIMEOUT

COMMANDS = (
    "run",
    "validate",
    "plan",
    "graph",
    "get",
    "watch",
    "logs",
    "cancel",
    "suspend",
    "resume",
    "approve",
    "rerun",
    "report",
    "compare",
    "artifacts",
    "download",
    "cache",
    "component",
    "convert",
    "uninstall",
)


def test_help_lists_every_command(levada):
    done = levada("--help")
    assert done.code == 0
    listed = [line.split()[0] for line in done.out.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert tuple(listed[: len(COMMANDS)]) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(levada, command):
    done = levada(command, "--help")
    assert done.code == 0
    assert f"levada {command}" in done.out.partition("Examples:")[2]


@pytest.mark.parametrize(("args", "words"), [
    (["nonsense"], "No such command 'nonsense'"),
    (["validate"], "Missing argument 'FILE...'"),
    (["get", "x", "-o", "yaml"], "'yaml' is not 'json'"),
    (["run", "x.yaml", "--parallelism", "0"], "Invalid value for '--parallelism'"),
    (["compare", "one"], "it takes two runs to compare"),
    (["run", "x.yaml", "--runner", "podman"], "--runner goes with --local"),
    (["run", "--local", "x.yaml", "--detach"], "--detach does not go with --local"),
])  # fmt: skip
def test_wrong_arguments_end_with_2_and_a_sentence(levada, args, words):
    done = levada(*args)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_reader_that_has_seen_enough_is_no_error():
    program = subprocess.Popen([PROGRAM, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    program.stdout.close()  # as `head -0` does
    assert program.wait(TIMEOUT) == 0
    assert program.stderr.read() == b""


def test_help_loads_neither_pydantic_nor_the_cluster_s_client():
    heavy = ("pydantic", "kubernetes", "aiohttp", "rich", "obstore", "jinja2", "asyncio")
    code = f"import sys, levada.cli.main; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    assert done.stdout.strip() == "[]"


def test_it_is_a_plugin_of_kubectl():
    plugin = PROGRAM.with_name("kubectl-levada")
    done = subprocess.run([plugin, "--help"], capture_output=True, text=True, timeout=TIMEOUT, check=True)
    assert "Usage: kubectl levada" in done.stdout


def test_completion_for_shells(levada):
    done = levada(_LEVADA_COMPLETE="bash_source")
    assert done.code == 0
    assert "complete" in done.out
    words = levada(_LEVADA_COMPLETE="bash_complete", COMP_WORDS="levada val", COMP_CWORD="1")
    assert words.out.split() == ["plain,validate"]
