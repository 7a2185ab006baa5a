"""What a cluster needs so that the documents of the corpus run in it unchanged, without a network.

Their images are mapped to one that is built here (chart value `tasks.imageRewrites`), and their `pip install` is sent
to the wheels in it (`tasks.env`).
"""

import json
import shutil
from pathlib import Path

from cluster import images, install, kubeflow
from cluster.archive import Image
from cluster.layers import cached
from cluster.paths import CACHE
from conformance.wheels import wheels

IMAGE = "levada-kubeflow-corpus:test"
SECRETS = {
    "test-secret-1": {"username": "user1", "password": "psw1"},
    "test-secret-2": {"username": "user2", "password": "psw1"},
    "test-secret-3": {"username": "user3", "password": "psw2"},
}
"""What Kubeflow's own tests put into the namespace."""
_FOLDER = "opt/corpus"
_NAMES = ("alpine", "byrnedo/", "ghcr.io/", "library/", "public.ecr.aws/", "python:", "registry.access.redhat.com/")
_VALUES = {
    "tasks": {
        "imageRewrites": [{"from": f"{name}*", "to": IMAGE} for name in _NAMES],
        "env": {"PIP_FIND_LINKS": f"/{_FOLDER}", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    },
    "allowedSecrets": list(SECRETS),
}


def prepare() -> None:
    """Load the image, and tell the cluster's Levada of it; `restore` takes that back."""
    images.load(_image())
    changed = CACHE / "conformance-values.json"
    changed.write_text(json.dumps(_VALUES))
    install.upgrade("--values", changed)


def restore() -> None:
    """Let the cluster's Levada be as it was."""
    install.upgrade()


def _image() -> Image:
    base = kubeflow.image()
    return Image((IMAGE,), (*base.layers, cached(CACHE / "images" / "kubeflow-corpus.tar", _tree)), base.config)


def _tree() -> Path:
    found = wheels()
    found.fill()
    tree = CACHE / "images" / "kubeflow-corpus"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(found.folder, tree / _FOLDER, ignore=shutil.ignore_patterns("lock", "ready"))
    return tree
