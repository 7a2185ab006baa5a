"""Install Levada into the cluster with Helm, as a person would."""

import json
import os

from cluster import store
from cluster.archive import Image
from cluster.binaries import program
from cluster.paths import KUBECONFIG, REPO, STATE
from cluster.progress import phase, say
from cluster.shell import run

_CHART = REPO / "helm" / "levada"
NAMESPACE = "levada-system"
_TIMEOUT = "3m"


def install(image: Image) -> None:
    if not (_CHART / "Chart.yaml").exists():
        say(f"There is no chart in {_CHART.relative_to(REPO)} yet: the cluster runs without Levada.")
        return
    file = STATE / "values.json"
    file.write_text(json.dumps(_values(image), indent=1))
    with phase("Levada, by Helm"):
        run(
            program("helm"), "upgrade", "--install", "levada", _CHART, "--namespace", NAMESPACE, "--create-namespace",
            "--values", file, "--wait", "--timeout", _TIMEOUT, env={**os.environ, "KUBECONFIG": str(KUBECONFIG)},
        )  # fmt: skip


def _values(image: Image) -> dict:
    repository, _, tag = image.names[0].partition(":")
    # The tag follows the content: an upgrade rolls the operator exactly when its code changed.
    return {
        "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
        "store": store.settings(),
    }
