"""`make cluster-demo`: the example on the real cluster, with what it gave."""

import json
import time

from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG, REPO, STATE
from cluster.progress import ClusterError, say

_NAMESPACE = "levada-demo"
_EXAMPLE = REPO / "manifests" / "examples" / "breast-cancer"
_FILES = ("components.yaml", "pipeline.yaml", "run-a.yaml", "run-b.yaml")
_FINAL = ("Succeeded", "Failed", "Cancelled")
_LIMIT = 600.0


def show() -> None:
    kubectl = Kubectl(KUBECONFIG)
    kubectl("delete", "namespace", _NAMESPACE, "--ignore-not-found")
    kubectl("create", "namespace", _NAMESPACE)
    kubectl.apply(*_store(), namespace=_NAMESPACE)
    begin = time.monotonic()
    for file in _FILES:
        say(f"kubectl apply -n {_NAMESPACE} -f {(_EXAMPLE / file).relative_to(REPO)}")
        kubectl("apply", "-n", _NAMESPACE, "-f", str(_EXAMPLE / file))
    runs = _follow(kubectl, begin)
    for run in runs:
        _print(run)
    if any(run["status"]["phase"] != "Succeeded" for run in runs):
        raise ClusterError("The example failed; look at it with: kubectl get pipelineruns,pods -n levada-demo")


def _store() -> list[dict]:
    settings = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in json.loads((STATE / "store.json").read_text()).items()
    }
    secret = {key: settings.pop(key) for key in ("accessKeyId", "secretAccessKey")}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "levada-store"}, "data": settings}
    return [config, {**config, "kind": "Secret", "data": None, "stringData": secret}]


def _follow(kubectl: Kubectl, begin: float) -> list[dict]:
    shown = ""
    first_start = None
    while time.monotonic() - begin < _LIMIT:
        runs = kubectl.json("get", "pipelineruns.levada.dev", "-n", _NAMESPACE)["items"]
        states = [(run["metadata"]["name"], run.get("status", {})) for run in runs]
        line = "   ".join(f"{name}: {status.get('phase', '')} {status.get('progress', '')}" for name, status in states)
        if first_start is None and any(task["phase"] != "Pending" for _, s in states for task in s.get("tasks", [])):
            first_start = time.monotonic() - begin
            say(f"The first task started {first_start:.1f} s after kubectl apply.")
        if line != shown:
            say(line)
            shown = line
        if all(status.get("phase") in _FINAL for _, status in states):
            return runs
        time.sleep(0.5)
    raise ClusterError(f"The example did not end within {_LIMIT:.0f} s")


def _print(run: dict) -> None:
    status = run["status"]
    results = "  ".join(f"{name} {value:.4f}" for name, value in status.get("outputs", {}).items())
    print(f"\n{run['metadata']['name']}  {status['phase']}  {status.get('duration', '')}  {results}")
    for task in status["tasks"]:
        span = f"{task.get('startTime')} to {task.get('completionTime')}"
        print(f"  {task['path']:<18} {task['phase']:<10} {span}")
    for task in status["tasks"]:
        for name, output in task.get("outputs", {}).items():
            if isinstance(output, dict) and output.get("type") in ("HTML", "Markdown"):
                print(f"  {name}: {output['uri']}")
