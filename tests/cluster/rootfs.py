"""The base of every test image: a small Debian with Python, made by debootstrap and kept in the cache folder."""

import hashlib
import shutil
from pathlib import Path

from cluster.layers import Layer, cached
from cluster.paths import CACHE
from cluster.progress import phase
from cluster.shell import run

PYTHON = "3.11"  # bookworm's
_SUITE = "bookworm"
_PACKAGES = "python3,python3-venv,ca-certificates"
# Nobody reads or installs anything in a test image, and importing it takes seconds per 10 MB.
_TRIMMED = (
    "dev/*",
    "usr/lib/apt",
    "usr/lib/x86_64-linux-gnu/gconv",
    "usr/share/bash-completion",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/apt",
    "var/cache/debconf",
    "var/lib/apt/lists",
    "var/lib/dpkg/info",
    "var/log/*",
)


def layer() -> Layer:
    return cached(CACHE / "images" / f"base-{_key()}.tar", folder, keep_times=True)


def folder() -> Path:
    """The unpacked base: layers on top of it are compiled by its own Python."""
    target = CACHE / "images" / f"base-{_key()}"
    if not target.exists():
        scratch = target.with_name(f"{target.name}.tmp")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.parent.mkdir(parents=True, exist_ok=True)
        with phase("Base file system of the images, by debootstrap"):
            # Without a mirror argument it uses the one that is its own default.
            run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _SUITE, scratch)
        trim(scratch, _TRIMMED)
        scratch.rename(target)
    return target


def trim(root: Path, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        for path in list(root.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def compile_python(tree: Path, inside: str) -> None:
    """Compile the .py files at `inside` of a tree by the base's own Python: at run time nobody may write there."""
    base = folder()
    bench = base / "build"
    place = bench / tree.name
    bench.mkdir(exist_ok=True)
    shutil.move(tree, place)
    try:
        # unchecked: the files get another time in the image, which would make checked ones stale.
        mode = ("--invalidation-mode", "unchecked-hash", "-s", f"/build/{tree.name}", "-p", "/")
        run("chroot", base, "python3", "-m", "compileall", "-q", *mode, f"/build/{tree.name}/{inside}")
    finally:
        shutil.move(place, tree)
        bench.rmdir()


def _key() -> str:
    return hashlib.sha256(repr((_SUITE, _PACKAGES, _TRIMMED)).encode()).hexdigest()[:16]
