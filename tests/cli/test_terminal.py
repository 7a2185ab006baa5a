"""The program on a real terminal: what a task wrote does nothing to it."""

import os
import pty
import subprocess

import pytest

from cli.conftest import PROGRAM, TIMEOUT

RUN = r"""
apiVersion: levada.dev/v1alpha1
kind: PipelineRun
metadata: {name: hostile}
spec:
  pipelineSpec:
    tasks:
    - name: say
      componentSpec:
        implementation:
          container: {image: none, command: [sh, -c, 'printf "\033]0;owned\007\033[31mred\n"; exit 3']}
"""


@pytest.fixture
def on_a_terminal(levada):
    """`on_a_terminal("get", "x")` runs the program with a terminal, and gives what that was sent."""

    def run(*args):
        ours, theirs = pty.openpty()
        with subprocess.Popen([PROGRAM, *args], cwd=levada.folder, env={**levada.env, "TERM": "xterm"},
                              stdin=theirs, stdout=theirs, stderr=theirs) as process:  # fmt: skip
            os.close(theirs)
            sent = b""
            while piece := _read(ours):
                sent += piece
            process.wait(TIMEOUT)
        os.close(ours)
        return sent.decode()

    return run


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side was closed
        return b""


@pytest.mark.threat(
    "a task's text controls the reader's terminal, on a real one",
    holds="of logs colours alone get through",
)
def test_no_command_lets_a_tasks_output_retitle_the_terminal(levada, on_a_terminal):
    levada.write("run.yaml", RUN)
    followed = on_a_terminal("run", "--local", "run.yaml")
    assert "Failed" in followed
    log = on_a_terminal("logs", "hostile", "--local")
    assert r"\u001b]0;owned\u0007" in log
    assert "\x1b[31mred" in log  # colours are harmless
    seen = on_a_terminal("get", "hostile", "--local")
    assert "exited with code 3" in seen
    assert not [shown for shown in (followed, log, seen) if "\x1b]0;" in shown]
    assert "\x1b]0;owned" in levada("logs", "hostile", "--local").out  # into a pipe it goes as it is
