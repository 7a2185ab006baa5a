"""The image in which the tasks of compiled Kubeflow pipelines run: Python with pip, and wheels for it to install.

It stands for images such as `python:3.11`, which nobody can pull here.
"""

import ensurepip
import shutil
import sys
import zipfile
from pathlib import Path

from cluster import rootfs
from cluster.images import PATH, Image
from cluster.layers import Layer, cached
from cluster.paths import CACHE
from cluster.progress import phase
from cluster.shell import run

NAME = "levada-kubeflow:test"
WHEELS = ("kfp==2.17.0",)
"""What tasks may install; kfp itself without what it needs, as its compiler asks for it."""
_LOCAL = "usr/local"
_FOLDER = "opt/wheels"


def image() -> Image:
    """The image; its variables send every pip to its own wheels."""
    # Debian marks its Python as not to be changed; in this image nothing else depends on it.
    env = [f"PATH={PATH}", f"PIP_FIND_LINKS=/{_FOLDER}", "PIP_NO_INDEX=1", "PIP_BREAK_SYSTEM_PACKAGES=1",
           "PIP_ROOT_USER_ACTION=ignore"]  # fmt: skip
    return Image((NAME,), (rootfs.layer(), _layer()), {"Env": env, "Cmd": ["python3"]})


def _layer() -> Layer:
    target = CACHE / "images" / f"kubeflow-tasks-{'-'.join(WHEELS).replace('=', '')}.tar"
    tree = target.with_suffix("")

    def make() -> Path:
        shutil.rmtree(tree, ignore_errors=True)
        with phase("Python and wheels of the image for Kubeflow's tasks"):
            _pip(tree / _LOCAL)
            run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tree / _FOLDER, *WHEELS)
        return tree

    try:
        return cached(target, make)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _pip(folder: Path) -> None:
    """pip for the image's own Python: what it installs is seen in virtual environments that a task makes, too."""
    packages = folder / "lib" / f"python{rootfs.PYTHON}" / "dist-packages"
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as source:
        source.extractall(packages)
    (folder / "bin").mkdir()
    pip = folder / "bin" / "pip"
    pip.write_text('#!/bin/sh\nexec /usr/bin/python3 -m pip "$@"\n')
    pip.chmod(0o755)
