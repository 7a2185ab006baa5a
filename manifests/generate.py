"""Writes what is generated from the CRDs and the chart: `python manifests/generate.py [--helm PROGRAM]`.

`crds/` is copied into the chart (a chart can only read its own folder), and the chart is rendered into
`manifests/install.yaml`, for those who install with `kubectl apply` alone.
"""  # noqa: INP001  # a program, not a package

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
CHART = REPO / "helm" / "levada"
NAMESPACE = "levada-system"
HEADER = f"""\
# Generated from helm/levada by `make generate`: do not edit.
#
#   kubectl apply --server-side -f install.yaml
#
# Server-side, since the kinds are too large for the annotation that kubectl keeps otherwise. Before you delete these
# objects run `levada uninstall`: it releases the Pods that the operator holds. (Helm does that by itself.)
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    app.kubernetes.io/name: levada
    # The operator's own Pods meet the strictest profile.
    pod-security.kubernetes.io/enforce: restricted
"""
# Without Helm nobody reads these, and `managed-by: Helm` would be wrong.
OF_HELM = re.compile(r"^ *(app\.kubernetes\.io/(managed-by|instance)|helm\.sh/[a-z-]+): .*\n", re.MULTILINE)
EMPTY_ANNOTATIONS = re.compile(r"^  annotations:\n(?=  [a-z])", re.MULTILINE)
SOURCE = re.compile(r"^# Source: .*\n", re.MULTILINE)


def copy_crds() -> None:
    """Make the chart's copy of the CRDs the same as `crds/`."""
    target = CHART / "files" / "crds"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in sorted((REPO / "crds").glob("*.yaml")):
        shutil.copyfile(file, target / file.name)


def install_manifest(helm: str) -> str:
    """The text of install.yaml."""
    argv = [helm, "template", "levada", str(CHART), "--namespace", NAMESPACE, "--no-hooks"]
    # An empty configuration: a person's own repositories and plugins have no say in it.
    environment = {**os.environ, "HELM_PLUGINS": os.devnull, "KUBECONFIG": os.devnull}
    rendered = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment).stdout  # noqa: S603
    for pattern in (SOURCE, OF_HELM, EMPTY_ANNOTATIONS):
        rendered = pattern.sub("", rendered)
    lines = (line.rstrip() for line in (HEADER + rendered).splitlines())
    text = "\n".join(lines)
    return re.sub(r"\n+---\n+", "\n---\n", text).strip() + "\n"


def find_helm() -> str:
    """Helm from the PATH, or the one that `make cluster-up` has built."""
    cache = Path(os.environ.get("LEVADA_CACHE") or Path.home() / ".cache" / "levada")
    built = sorted((cache / "bin").glob("helm-*/helm"), key=lambda path: path.stat().st_mtime)
    found = str(built[-1]) if built else shutil.which("helm")
    if not found:
        sys.exit("manifests/generate.py needs Helm: install it, or let `make cluster-up` build it")
    return found


def main() -> None:
    """Generate everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--helm", help="the program, if it is not found by itself")
    helm = parser.parse_args().helm
    copy_crds()
    (REPO / "manifests" / "install.yaml").write_text(install_manifest(helm or find_helm()))


if __name__ == "__main__":
    main()
