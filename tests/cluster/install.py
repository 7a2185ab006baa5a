"""Install Levada into the cluster with Helm, as a person would."""

import json
import os
from pathlib import Path

from cluster import store
from cluster.archive import Image
from cluster.binaries import program
from cluster.paths import KUBECONFIG, REPO, STATE
from cluster.progress import phase, say
from cluster.shell import run

CHART = REPO / "helm" / "levada"
NAMESPACE = "levada-system"
VALUES = STATE / "values.json"
_TIMEOUT = "3m"


def install(image: Image) -> None:
    if not (CHART / "Chart.yaml").exists():
        say(f"There is no chart in {CHART.relative_to(REPO)} yet: the cluster runs without Levada.")
        return
    VALUES.write_text(json.dumps(_values(image), indent=1))
    with phase("Levada, by Helm"):
        upgrade()


def upgrade(*arguments: str | Path, chart: Path = CHART) -> None:
    """Install or upgrade the release with the cluster's own values and whatever `arguments` change of them."""
    helm(
        "upgrade", "--install", "levada", chart, "--namespace", NAMESPACE, "--create-namespace",
        "--values", VALUES, *arguments, "--wait", "--timeout", _TIMEOUT,
    )  # fmt: skip


def helm(*arguments: str | Path) -> str:
    return run(program("helm"), *arguments, env={**os.environ, "KUBECONFIG": str(KUBECONFIG)})


def _values(image: Image) -> dict:
    repository, _, tag = image.names[0].partition(":")
    # The tag follows the content: an upgrade rolls the operator exactly when its code changed.
    return {
        "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
        "store": store.settings(),
        # Two passes make a test, which does not want to wait for long.
        "retention": {"sweepEvery": "10s"},
    }
