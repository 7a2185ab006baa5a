"""`make bench-kubeflow`: a pipeline of five steps, as Kubeflow's compiler wrote it, on the real cluster.

Kubeflow's backend runs a driver Pod and the step's own Pod for each task, and a driver for each graph.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench import results
from bench.results import Result, at_most
from cluster import store
from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG, REPO, VENV
from cluster.progress import say
from conformance import in_cluster
from conformance.record import PYTHON

_NAMESPACE = "levada-bench-kubeflow"
_COMPILE = REPO / "tests" / "conformance" / "compile_pipelines.py"
_STEPS = 5
_REPETITIONS = 5


def main() -> None:
    kubectl = Kubectl(KUBECONFIG)
    kubectl("delete", "namespace", _NAMESPACE, "--ignore-not-found", timeout=300)
    in_cluster.prepare()
    kubectl("create", "namespace", _NAMESPACE)
    try:
        kubectl.apply(*store.objects(), namespace=_NAMESPACE)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([PYTHON, str(_COMPILE), folder], check=True, capture_output=True)
            taken = [_run(Path(folder) / "five_steps.yaml", number) for number in range(_REPETITIONS)]
        pods = len(kubectl.json("get", "pods", "-n", _NAMESPACE)["items"]) / (_REPETITIONS * _STEPS)
    finally:
        kubectl("delete", "namespace", _NAMESPACE, "--wait=false")
        in_cluster.restore()
    found = [
        Result("kubeflow-five-steps", "makespan_s", taken),
        Result("kubeflow-five-steps", "pods_per_task", [pods], budget=at_most(1)),
    ]
    results.write(found)
    print(results.table(found))


def _run(document: Path, number: int) -> float:
    """Seconds from the command to its end."""
    argv = [VENV / "bin" / "levada", "run", document, "-n", _NAMESPACE, "--name", f"run-{number}", "-o", "json"]
    begun = time.monotonic()
    done = subprocess.run(argv, env=os.environ | {"KUBECONFIG": str(KUBECONFIG)}, cwd=REPO, capture_output=True,
                          text=True, check=False)  # fmt: skip
    taken = time.monotonic() - begun
    if done.returncode:
        raise SystemExit(done.stderr)
    told = json.loads(done.stdout)
    assert told["outputs"] == {"Output": "the sum is 5050"}, told
    assert not any(task["cached"] for task in told["tasks"]), "something was taken from the cache"
    say(f"{number + 1} of {_REPETITIONS}: {taken:.1f} s")
    return taken


if __name__ == "__main__":
    main()
