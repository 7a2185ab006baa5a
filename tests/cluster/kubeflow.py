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
_PYTHON = "opt/python"
_FOLDER = "opt/wheels"


def image() -> Image:
    """The image; its variables send every pip to its own wheels."""
    env = [f"PATH=/{_PYTHON}/bin:{PATH}", f"PIP_FIND_LINKS=/{_FOLDER}", "PIP_NO_INDEX=1"]
    return Image((NAME,), (rootfs.layer(), _layer()), {"Env": env, "Cmd": ["python3"]})


def _layer() -> Layer:
    target = CACHE / "images" / f"kubeflow-{'-'.join(WHEELS).replace('=', '')}.tar"
    tree = target.with_suffix("")

    def make() -> Path:
        shutil.rmtree(tree, ignore_errors=True)
        with phase("Python and wheels of the image for Kubeflow's tasks"):
            _python(tree / _PYTHON)
            run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tree / _FOLDER, *WHEELS)
        return tree

    try:
        return cached(target, make)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _python(folder: Path) -> None:
    """A virtual environment with pip, as `venv` would make it in the image; Debian's own Python may not be changed."""
    packages = folder / "lib" / f"python{rootfs.PYTHON}" / "site-packages"
    (wheel,) = (Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as source:
        source.extractall(packages)
    (folder / "bin").mkdir()
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to("/usr/bin/python3")
    pip = folder / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec /{_PYTHON}/bin/python3 -m pip "$@"\n')
    pip.chmod(0o755)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
