"""What runs a task: a plain process of this machine, or a container of its image."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from levada.local.attempt import Attempt
from levada.local.errors import NotPossibleHereError
from levada.local.python import environment_of
from levada.planner.names import GROUP

Runner = Literal["process", "podman", "docker"]

_TOOL_ENVIRONMENTS = ("pipx_metadata.json", "uv-receipt.toml")
"""Files in virtual environments that hold one program for all purposes, not a project's packages."""


class Starts(Protocol):
    """Knows how to start an attempt's process."""

    @property
    def uses_images(self) -> bool:
        """Whether a task runs in its component's image."""

    def command(self, attempt: Attempt, run_uid: str) -> tuple[list[str], dict[str, str]]:
        """The process' arguments, and its environment on top of our own."""

    def end(self, attempt: Attempt, run_uid: str) -> None:
        """Make sure that nothing of the attempt is left, once its process is gone."""

    def end_all(self, run_uid: str) -> None:
        """Make sure that nothing is left of what an earlier engine started for this run."""


def find_runner(name: Runner) -> Starts:
    """What runs tasks.

    Raises
    ------
    NotPossibleHereError
        When it is not installed.
    """
    if name == "process":
        return ProcessStarts(_path())
    program = shutil.which(name)
    if program is None:
        raise NotPossibleHereError(f"{name} is not installed here; install it, or leave --runner out")
    return ContainerStarts(program)


@dataclass(frozen=True, slots=True)
class ProcessStarts:
    """A plain process; `path` is where its command is looked for."""

    path: str
    uses_images: bool = False

    def command(self, attempt: Attempt, run_uid: str) -> tuple[list[str], dict[str, str]]:  # noqa: ARG002  # of the protocol
        """The component's command as it is."""
        run = attempt.layout.run
        own = environment_of(attempt.folder, self.path) if attempt.tools else {"PATH": self.path}
        return [*run.command, *run.args], {**own, **attempt.environment}

    def end(self, attempt: Attempt, run_uid: str) -> None:
        """The starter has done it."""

    def end_all(self, run_uid: str) -> None:
        """Processes are found by what they carry; see `survivors`."""


@dataclass(frozen=True, slots=True)
class ContainerStarts:
    """A container of the component's image, made by `program` (podman or docker)."""

    program: str
    uses_images: bool = True

    def command(self, attempt: Attempt, run_uid: str) -> tuple[list[str], dict[str, str]]:
        """`podman run ...`, with the attempt's folder at the same path as outside."""
        run = attempt.layout.run
        argv = [self.program, "run", "--rm", "--name", _container(attempt, run_uid), "--label", _label(run_uid)]
        argv += ["--volume", f"{attempt.folder}:{attempt.folder}", "--workdir", attempt.folder]
        argv += [part for mount in attempt.mounts for part in ("--volume", mount)]
        if "podman" not in Path(self.program).name:
            argv += ["--user", f"{os.getuid()}:{os.getgid()}"]  # podman's root is us; docker's is the machine's.
        argv += _limits(run.resources)
        argv += [part for name in attempt.environment for part in ("--env", name)]
        if run.command:
            argv += ["--entrypoint", run.command[0]]
        return [*argv, run.image, *run.command[1:], *run.args], dict(attempt.environment)

    def end(self, attempt: Attempt, run_uid: str) -> None:
        """Remove the container: it outlives a client that was killed."""
        self._ask("rm", "--force", _container(attempt, run_uid))

    def end_all(self, run_uid: str) -> None:
        """Remove all the run's containers."""
        found = self._ask("ps", "--all", "--quiet", "--filter", f"label={_label(run_uid)}").split()
        if found:
            self._ask("rm", "--force", *found)

    def _ask(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603
            [self.program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return done.stdout


def _container(attempt: Attempt, run_uid: str) -> str:
    return f"levada-{run_uid[:12]}-{hashlib.sha256(attempt.key.encode()).hexdigest()[:16]}"


def _label(run_uid: str) -> str:
    return f"{GROUP}/run-uid={run_uid}"


def _limits(resources: Mapping[str, Mapping[str, object]]) -> list[str]:
    limits = resources.get("limits") or {}
    argv = []
    if "memory" in limits:
        argv += ["--memory", str(quantity(str(limits["memory"])))]
    if "cpu" in limits:
        argv += ["--cpus", f"{quantity(str(limits['cpu']), whole=False):g}"]
    return argv


_UNITS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def quantity(text: str, *, whole: bool = True) -> float:
    """The number that a quantity of Kubernetes stands for, such as `500m` or `2Gi`."""
    number = text.rstrip("mkMGTi")
    value = float(number) * _UNITS.get(text[len(number) :], 1)
    return int(value) if whole else value


def _path() -> str:
    """Where commands are looked for: first in the virtual environment that we run in, as if it were activated.

    Not where another one is activated, and not where ours holds nothing but this program.
    """
    path = os.environ.get("PATH", os.defpath)
    is_virtual = sys.prefix != sys.base_prefix and "VIRTUAL_ENV" not in os.environ
    if not is_virtual or any((Path(sys.prefix) / name).exists() for name in _TOOL_ENVIRONMENTS):
        return path
    return f"{Path(sys.prefix) / 'bin'}{os.pathsep}{path}"
