"""manifests/install.yaml with kubectl, and `levada uninstall`, as docs/install.md tells a person who has no Helm."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cluster.install import VALUES
from cluster.paths import KUBECONFIG, REPO, VENV
from e2e import gitops
from e2e.runs import Runs
from install.release import NAMESPACE, held, run_levada
from install.tasks import after, gated, number

MANIFEST = REPO / "manifests" / "install.yaml"


@pytest.fixture
def manifest(tmp_path):
    """install.yaml with the image that the cluster has, in the place of the one that no public registry has."""
    image = json.loads(VALUES.read_text())["image"]
    text = MANIFEST.read_text()
    assert "image: levada:" in text
    file = tmp_path / "install.yaml"
    file.write_text(text.replace("levada:0.1.0", f"{image['repository']}:{image['tag']}"))
    return str(file)


@pytest.fixture
def without_helm(release, kubectl, manifest):
    """A cluster that has never seen Levada."""
    if release.state is None:
        release.settle()
    release.uninstall()
    run_levada("uninstall", "--yes", "--delete-crds")
    kubectl("delete", "namespace", NAMESPACE, "--timeout=100s")
    yield
    kubectl("delete", "--ignore-not-found", "--timeout=100s", "-f", manifest, timeout=150)
    release.settle()


def without_program():
    """What docs/install.md says to do where there is no program `levada`."""
    script = re.search(r"```sh\n(.*?)```", (REPO / "docs" / "install.md").read_text(), re.DOTALL)[1]
    environment = {**os.environ, "KUBECONFIG": str(KUBECONFIG), "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-euc", script], env=environment, check=True, timeout=200)


@pytest.mark.parametrize("seed", [1])
def test_a_gitops_tool_installs_it_in_any_order_and_finds_no_difference(
    without_helm, kubectl, namespace, manifest, seed
):
    objects = [each for each in YAML(typ="safe", pure=True).load_all(Path(manifest).read_text()) if each]
    gitops.apply(kubectl, objects, seed)
    kubectl("-n", NAMESPACE, "rollout", "status", "deployment/levada", "--timeout=120s")
    # The cluster writes statuses into these.
    mine = [each for each in objects if each["kind"] not in ("Deployment", "ValidatingAdmissionPolicy")]
    before = gitops.versions(kubectl, mine)
    gitops.apply(kubectl, objects, seed + 100)
    gitops.assert_no_difference(kubectl, objects)
    assert gitops.versions(kubectl, mine) == before
    kubectl("-n", NAMESPACE, "set", "env", "deployment/levada", "LEVADA_LOG_LEVEL=DEBUG")
    kubectl("label", "crd", "pipelineruns.levada.dev", "app.kubernetes.io/name=other", "--overwrite")
    gitops.apply(kubectl, objects, seed + 200)
    gitops.assert_no_difference(kubectl, objects)
    runs = Runs(kubectl, namespace)
    runs.start("active", {"one": gated()})
    runs.running("active")
    without_program()
    assert not held(kubectl)
    assert runs.pods("active"), "only the hold on them goes"


def test_kubectl_installs_it_upgrades_it_and_removes_it(without_helm, kubectl, namespace, manifest, gates):
    kubectl("apply", "--server-side", "-f", manifest)
    kubectl("-n", NAMESPACE, "rollout", "status", "deployment/levada", "--timeout=120s")
    runs = Runs(kubectl, namespace)
    runs.start("done", {"one": number(), "two": after("one")}, outputs={"n": {"task": "two", "output": "n"}})
    status, _ = runs.succeed("done")
    assert status["outputs"] == {"n": 7}
    assert kubectl("apply", "--server-side", "-f", manifest)
    kubectl("diff", "--server-side", "-f", manifest)  # fails where there is a difference

    runs.start("active", {"one": gated()})
    runs.running("active")
    assert held(kubectl)
    said = run_levada("uninstall", "--yes")
    assert "done: 1 Pods released" in said
    assert not held(kubectl)
    # Kinds too: with them go the runs and their Pods.
    kubectl("delete", "--wait=true", "--timeout=100s", "-f", manifest, timeout=150)
    assert not kubectl.json("get", "crd", "-l", "app.kubernetes.io/name=levada")["items"]
    kubectl("delete", "namespace", namespace, "--wait=true", "--timeout=100s")
    kubectl("create", "namespace", namespace)  # the fixture deletes it
