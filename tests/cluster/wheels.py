"""Layers of Python packages: exactly the wheels, by hash, that the lock files name."""

import hashlib
import re
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
_EXAMPLES = "scikit-learn"
_TRIMMED = ("**/tests", "**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "bin", "**/include")
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def levada() -> Layer:
    """What the operator and the agent import, as a virtual environment without Levada itself."""
    lock = (REPO / "requirements.lock").read_text()
    return _layer("levada-dependencies", lock, SITE_PACKAGES)


def examples() -> Layer:
    """What the examples import; the versions are those that the laptop's .venv has."""
    lock = (REPO / "requirements-dev.lock").read_text()
    return _layer("examples", _with_dependencies(_EXAMPLES, lock), _LOCAL_PACKAGES)


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


def _with_dependencies(package: str, lock: str) -> str:
    """The part of a lock file that one package needs: each entry's `# via` comment names who asked for it."""
    entries = re.findall(r"^[^\s#-].*\n(?:[ \t]+.*\n?)*", lock, re.MULTILINE)
    asked_by = {
        entry.partition("==")[0]: set(re.findall(r"^\s+#(?: via|  ) +(\S+)", entry, re.MULTILINE)) for entry in entries
    }
    wanted = {package}
    while more := {name for name, askers in asked_by.items() if askers & wanted} - wanted:
        wanted |= more
    return "".join(entry for entry in entries if entry.partition("==")[0] in wanted)
