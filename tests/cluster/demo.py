"""`make cluster-demo`: the example on the real cluster, with what it gave."""

import json
import time
from pathlib import Path

from cluster import lifecycle, store
from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG, REPO
from cluster.progress import ClusterError, say
from levada.store.config import from_mapping
from levada.store.stores import Stores
from levada.store.transfer import download

_NAMESPACE = "levada-demo"
_EXAMPLE = REPO / "manifests" / "examples" / "breast-cancer"
_FILES = ("components.yaml", "pipeline.yaml", "run-a.yaml", "run-b.yaml")
_FINAL = ("Succeeded", "Failed", "Cancelled")
_LIMIT = 600.0
_PLOTS = REPO / "build" / "demo"
_SHOWN = ("HTML", "Markdown")


def show() -> None:
    begin = time.monotonic()
    lifecycle.up()
    kubectl = Kubectl(KUBECONFIG)
    kubectl("delete", "namespace", _NAMESPACE, "--ignore-not-found")
    kubectl("create", "namespace", _NAMESPACE)
    kubectl.apply(*_store(), namespace=_NAMESPACE)
    for file in _FILES:
        say(f"kubectl apply -n {_NAMESPACE} -f {(_EXAMPLE / file).relative_to(REPO)}")
        kubectl("apply", "-n", _NAMESPACE, "-f", str(_EXAMPLE / file))
    runs = _follow(kubectl, begin)
    for run in runs:
        _print(run)
    if any(run["status"]["phase"] != "Succeeded" for run in runs):
        raise ClusterError("The example failed; look at it with: kubectl get pipelineruns,pods -n levada-demo")
    print(
        f"\nLook around: export KUBECONFIG={KUBECONFIG.relative_to(REPO)}\n"
        f"  .venv/bin/kubectl get pipelineruns,pods -n {_NAMESPACE}\n"
        f"  .venv/bin/levada get {runs[0]['metadata']['name']} -n {_NAMESPACE}\n"
        "`make cluster-down` stops the cluster."
    )


def _store() -> list[dict]:
    settings = {key: value if isinstance(value, str) else json.dumps(value) for key, value in store.settings().items()}
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
            say(f"The first task started {first_start:.1f} s after `make cluster-demo` began.")
        if line != shown:
            say(line)
            shown = line
        if all(status.get("phase") in _FINAL for _, status in states):
            return runs
        time.sleep(0.5)
    raise ClusterError(f"The example did not end within {_LIMIT:.0f} s")


def _print(run: dict) -> None:
    """The run's results, its tasks, and its plots, brought to this machine."""
    name, status = run["metadata"]["name"], run["status"]
    results = "  ".join(f"{output} {value:.4f}" for output, value in status.get("outputs", {}).items())
    print(f"\n{name}  {status['phase']}  {status.get('duration', '')}  {results}")
    for task in status["tasks"]:
        span = f"{task.get('startTime')} to {task.get('completionTime')}"
        print(f"  {task['path']:<18} {task['phase']:<10} {span}")
    for task in status["tasks"]:
        for output in task.get("outputs", {}).values():
            if isinstance(output, dict) and output.get("type") in _SHOWN:
                file = _PLOTS / name / f"{task['path']}.{output['type'].lower()}"
                _fetch(output["uri"], file)
                print(f"  {output['uri']}\n    brought to {file.relative_to(REPO)}")


def _fetch(uri: str, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    download(Stores(from_mapping(store.settings() | {"pathStyle": "true"})), uri, file)
