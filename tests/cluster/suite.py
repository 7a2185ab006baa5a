"""`make test`: every test, first the quick ones, then those on a real cluster; the last lines say what was left out."""

import os
import subprocess
import time
from dataclasses import dataclass, field

from cluster import lifecycle, packages
from cluster.paths import REPO, VENV
from cluster.progress import ClusterError, say
from conformance import in_cluster

_NO_TESTS = 5  # pytest's exit code
_QUICK = ("unit", "property", "simulation", "cli", "local", "conformance")
_ON_A_CLUSTER = ("integration", "e2e")
_ON_A_SERVER = ("upgrade", "load")
_SERVER = "58"
"""The number of an API server without a node: what is put there, no other test sees."""
# Levada and parts of the cluster go and come back in these: one after the other, and when nothing else needs them.
_ALONE = ("faults", "install", "outages")


@dataclass
class Summary:
    failed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def show(self) -> None:
        say("Summary of the tests")
        for line in self.lines:
            say(f"  {line}")
        for line in self.left_out or ["nothing"]:
            say(f"  left out: {line}")
        say(f"  FAILED: {', '.join(self.failed)}" if self.failed else "  all that ran passed")


def run() -> int:
    summary = Summary()
    # Quick ones first: a mistake in the code is known before a cluster is built.
    _pytest(_QUICK, ("-n", "2", "-m", "not corpus"), summary)
    summary.left_out.append("Kubeflow's own documents: make conformance")
    if _cluster(summary):
        _pytest(_ON_A_CLUSTER, ("-n", "2", "--dist", "loadfile"), summary)
        for folder in _ON_A_SERVER:
            _pytest((folder,), (), summary, {"LEVADA_CLUSTER": _SERVER})
        for folder in _ALONE:
            _pytest((folder,), (), summary)
    summary.show()
    return 1 if summary.failed else 0


def conformance() -> int:
    """Kubeflow's documents and pipelines of our own: first on this machine, then documents on a cluster."""
    summary = Summary()
    folder = ("conformance",)
    _pytest(folder, ("-n", "2", "-m", "not cluster"), summary)
    if os.environ.get("LEVADA_TEST_KUBECONFIG"):
        summary.left_out.append("documents on a cluster: the settings of a given one are not changed")
    elif _cluster(summary):
        os.environ["LEVADA_CONFORMANCE_CLUSTER"] = "yes"
        in_cluster.prepare()
        try:
            _pytest(folder, ("-n", "3", "-m", "cluster"), summary)
        finally:
            in_cluster.restore()
    summary.show()
    return 1 if summary.failed else 0


def _cluster(summary: Summary) -> bool:
    given = os.environ.get("LEVADA_TEST_KUBECONFIG")
    if given:
        summary.lines.append(f"cluster: the one of {given}; its Levada and its images are taken as they are")
        return True
    reason = packages.unable()
    if reason:
        summary.left_out.append(f"every test on a real cluster ({', '.join(_ON_A_CLUSTER + _ALONE)}): {reason}")
        if os.environ.get("CI"):
            summary.failed.append("cluster: CI must run every test")  # green without them would be a lie
        return False
    begin = time.monotonic()
    try:
        lifecycle.up()
    except ClusterError as error:
        say(str(error))
        summary.failed.append("cluster: did not start")
        summary.left_out.append("every test on a real cluster: it did not start")
        return False
    summary.lines.append(f"cluster: up in {time.monotonic() - begin:.0f} s")
    return True


def _pytest(
    folders: tuple[str, ...], options: tuple[str, ...], summary: Summary, more: dict[str, str] | None = None
) -> None:
    """Run the tests in some folders, with `more` in their environment."""
    name = ", ".join(folders)
    present = [f"tests/{folder}" for folder in folders if any((REPO / "tests" / folder).rglob("test_*.py"))]
    if not present:
        summary.left_out.append(f"{name}: there are no tests yet")
        return
    say(f"pytest {' '.join(present)}")
    begin = time.monotonic()
    environment = os.environ | (more or {})
    code = subprocess.run(
        [VENV / "bin" / "pytest", *present, *options], cwd=REPO, env=environment, check=False
    ).returncode
    took = f"{time.monotonic() - begin:.0f} s"
    if code == _NO_TESTS:
        summary.left_out.append(f"{name}: there are no tests yet")
    elif code:
        summary.failed.append(f"{name} ({took})")
    else:
        summary.lines.append(f"{name}: passed in {took}")
