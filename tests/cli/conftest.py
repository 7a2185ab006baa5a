"""Fixtures of the tests that run the real program as a person does: as a process of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("levada")
TIMEOUT = 120
"""Seconds; far more than anything takes, also on a machine that has much else to do."""


@dataclass(frozen=True)
class Ended:
    """What a command did."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Levada:
    """Runs `levada` in a folder of its own; nothing of this machine's configuration is seen."""

    folder: Path
    env: dict[str, str]

    def __call__(self, *args, stdin=None, **env) -> Ended:
        done = subprocess.run(
            [PROGRAM, *map(str, args)],
            cwd=self.folder,
            env={**self.env, **env},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def write(self, name, text) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def env(tmp_path):
    """PATH and a home without anything in it; no cluster, no cloud."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "COLUMNS": "160", "AWS_EC2_METADATA_DISABLED": "true", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def levada(tmp_path, env):
    folder = tmp_path / "work"
    folder.mkdir()
    return Levada(folder, env)
