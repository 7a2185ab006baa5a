"""Layers of Python packages: exactly the wheels, by hash, that the lock files name."""

import hashlib
import shutil
import sys
from pathlib import Path

from cluster.layers import Layer, cached
from cluster.paths import CACHE, REPO
from cluster.progress import phase
from cluster.rootfs import PYTHON, compile_python, trim
from cluster.shell import run

VIRTUAL_ENVIRONMENT = "opt/levada"
SITE_PACKAGES = f"{VIRTUAL_ENVIRONMENT}/lib/python{PYTHON}/site-packages"
# Where Debian's Python looks for what no Debian package brought.
_LOCAL_PACKAGES = f"usr/local/lib/python{PYTHON}/dist-packages"
_EXAMPLES = ("scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl", "narwhals")
_TRIMMED = ("**/tests", "**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "bin", "**/include")
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def levada() -> Layer:
    """What the operator and the agent import, as a virtual environment without Levada itself."""
    lock = (REPO / "requirements.lock").read_text()
    return _layer("levada-dependencies", lock, SITE_PACKAGES)


def examples() -> Layer:
    """What the examples import; the versions are those that the laptop's .venv has."""
    blocks = _blocks((REPO / "requirements-dev.lock").read_text())
    return _layer("examples", "\n".join(blocks[name] for name in _EXAMPLES if name in blocks), _LOCAL_PACKAGES)


def _layer(name: str, lock: str, inside: str) -> Layer:
    key = hashlib.sha256(repr((lock, inside, _TRIMMED, PYTHON)).encode()).hexdigest()[:16]
    target = CACHE / "images" / f"{name}-{key}.tar"
    tree = target.with_suffix("")

    def make() -> Path:
        shutil.rmtree(tree, ignore_errors=True)
        with phase(f"Python packages of the image: {name}"):
            _install(lock, tree, inside)
        return tree

    try:
        return cached(target, make)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _install(lock: str, tree: Path, inside: str) -> None:
    packages = tree / inside
    packages.mkdir(parents=True)
    requirements = tree.with_suffix(".txt")
    requirements.write_text(lock)
    platforms = [part for platform in _PLATFORMS for part in ("--platform", platform)]
    # The image's Python and not this machine's decides which wheels: a person may have a newer one.
    target = ("--target", packages, "--python-version", PYTHON, "--only-binary=:all:", *platforms)
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--no-compile",
        "--require-hashes",
        *target,
        "-r",
        requirements,
    )
    requirements.unlink()
    trim(packages, _TRIMMED)
    compile_python(tree, inside)


def _blocks(lock: str) -> dict[str, str]:
    """The lock file's entries by package: an entry is a line `name==version` and the indented lines after it."""
    blocks: dict[str, str] = {}
    name = ""
    for line in lock.splitlines():
        if line and not line.startswith((" ", "#", "-")):
            name = line.partition("==")[0]
            blocks[name] = line
        elif name and line.lstrip().startswith("--hash"):
            blocks[name] += "\n" + line
    return {name: block.rstrip().removesuffix("\\") for name, block in blocks.items()}
