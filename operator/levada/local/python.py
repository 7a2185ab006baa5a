"""A Python of an attempt's own: Kubeflow's lightweight components install packages before they begin.

A virtual environment with pip in it takes seconds to make. One without takes some 30 ms, and finds pip in a folder that
all attempts share.
"""

from __future__ import annotations

import ensurepip
import os
import sysconfig
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

_FOLDER = "python"
_PIP = """#!/bin/sh
exec "$(dirname "$0")/python3" -m pip "$@"
"""


def wants_python(arguments: Iterable[str]) -> bool:
    """Whether a command may run Python or install packages: it says so."""
    return any("python" in argument or "pip" in argument for argument in arguments)


def environment_of(folder: str, path: str) -> dict[str, str]:
    """The variables with which a process in `folder` uses its own Python; `path` is where commands are found else."""
    own = Path(folder) / _FOLDER
    # Some components make a further environment that is to see what is installed in this one.
    return {"PATH": f"{own / 'bin'}{os.pathsep}{path}", "VIRTUAL_ENV": str(own), "PYTHONPATH": str(_packages(own))}


def make_python(folder: str, shared: Path) -> None:
    """Make the Python of an attempt in its `folder`; what attempts share stands in `shared`."""
    own = Path(folder) / _FOLDER
    wheel = _pip_wheel()
    venv.EnvBuilder(symlinks=True, with_pip=wheel is None).create(own)
    if wheel is None:
        return
    (_packages(own) / "pip.pth").write_text(f"{_unpacked(wheel, shared)}\n")
    for name in ("pip", "pip3"):
        script = own / "bin" / name
        script.write_text(_PIP)
        script.chmod(0o755)


def _packages(own: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(own), "platbase": str(own)}))


def _pip_wheel() -> Path | None:
    """The pip that comes with this Python; some distributions keep it elsewhere, and some have none."""
    folders = [Path(ensurepip.__file__).parent / "_bundled", Path(sysconfig.get_config_var("WHEEL_PKG_DIR") or "/none")]
    return next((wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))), None)


def _unpacked(wheel: Path, shared: Path) -> Path:
    """The folder with what is in the wheel, made once."""
    target = shared / wheel.stem
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
        with zipfile.ZipFile(wheel) as source:
            source.extractall(partial)
        try:
            partial.rename(target)
        except OSError:  # Another attempt was quicker.
            for path in sorted(partial.rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            partial.rmdir()
    return target
