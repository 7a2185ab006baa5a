"""The store's keys are in the agent and nowhere else: not in what people can read, and not within a task's reach."""

import base64
import os
import secrets
import subprocess

import pytest

from cluster.paths import VENV
from e2e.runs import container

TEXT = [{"name": "text", "type": "String"}]
MODEL = [{"name": "model", "type": "Model"}]
# What it may see of other processes, files and its own surroundings; all of it goes into its log, its own text too.
_LOOK_AROUND = """
set +e
env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'
ls -d /proc/[0-9]*/root/levada/store /levada/store 2>/dev/null && echo FO""UND-THE-STORE
cat /levada/store/* 2>/dev/null
ls /var/run/secrets/kubernetes.io/serviceaccount 2>/dev/null && echo FO""UND-A-TOKEN
grep -rqs secretAccessKey /levada /etc /tmp /run && echo FO""UND-A-KEY
ps aux 2>/dev/null
echo looked around
"""


@pytest.fixture
def canary():
    return f"canary{secrets.token_hex(12)}"


@pytest.fixture
def said(kubectl, operator, namespace, tmp_path):
    """All that people, and whoever may read the namespace without its Secrets, can see of a run of Levada's there."""

    def said_(run):
        kinds = "pipelineruns.levada.dev,configmaps,pods,events,persistentvolumeclaims"
        seen = [kubectl("get", kinds, "-n", namespace, "-o", "json"), operator.logs(), operator.http("metrics")]
        for pod in kubectl.json("get", "pods", "-n", namespace)["items"]:
            seen += [kubectl("logs", pod["metadata"]["name"], "-n", namespace, "-c", name) for name in _started(pod)]
        page = tmp_path / "report.html"
        argv = [VENV / "bin" / "levada", "report", run, "-n", namespace, "-O", page]
        told = subprocess.run(
            argv, env=os.environ | {"KUBECONFIG": str(kubectl.kubeconfig)}, capture_output=True, text=True, check=True
        )
        return "\n".join([*seen, page.read_text(), told.stdout, told.stderr])

    return said_


def _started(pod):
    """The containers that may have said something; one that waits has no log yet."""
    status = pod["status"]
    told = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return [each["name"] for each in told if each["state"].keys() & {"running", "terminated"}]


def holds(text, secret):
    """Whether `secret` is in `text`, as it is or as Secrets hold it."""
    return secret in text or base64.b64encode(secret.encode()).decode().rstrip("=") in text


@pytest.mark.threat(
    "the store's keys show up in status, Events, logs, ConfigMaps, reports or metrics",
    holds="a canary in their place is found nowhere",
)
@pytest.mark.fault("the store refuses its keys, and repeats them", seen="`StoreDenied`; the keys are told nowhere")
def test_keys_that_the_store_refuses_are_told_nowhere(runs, give_store, namespace, said, canary):
    give_store(namespace, secretAccessKey=canary)
    write = container('printf x > "$1"; exit 1', {"outputPath": "model"}, outputs=MODEL)
    runs.start("refused", {"write": write | {"retry": {"limit": 1, "backoff": {"initial": "1s"}}}})
    runs.until("refused", lambda status: "StoreDenied" in str(status), "the refusal")
    everything = said("refused")
    assert "StoreDenied" in everything
    assert not holds(everything, canary)


@pytest.mark.threat(
    "a task's container reads the agent's keys or a token",
    holds="no shared processes, no token, a volume of the agent's own",
)
def test_a_task_reaches_neither_the_stores_keys_nor_a_token(runs, store, cluster, said, kubectl, namespace):
    task = container(_LOOK_AROUND + 'printf x > "$1"', {"outputPath": "model"}, outputs=MODEL)
    fails = container(_LOOK_AROUND + 'printf x > "$1"; exit 1', {"outputPath": "text"}, outputs=TEXT)
    runs.start("curious", {"look": task, "fail": fails | {"onFailure": "Continue"}})
    runs.succeed("curious")
    log = kubectl("logs", runs.pod_of("curious", "look"), "-n", namespace, "-c", "main")
    assert "looked around" in log
    assert "FOUND" not in log
    everything = said("curious")
    assert "<html" in everything
    assert not holds(everything, cluster.store["secretAccessKey"])
    spec = kubectl.json("get", "pod", runs.pod_of("curious", "look"), "-n", namespace)["spec"]
    assert spec.get("shareProcessNamespace") is None
    assert spec["automountServiceAccountToken"] is False


@pytest.mark.threat(
    "a run reads what runs of another namespace have made",
    holds="refused where namespaces share a store and its keys (`UriRefused`)",
)
def test_what_a_run_of_another_namespace_has_made_is_not_read(runs, runs_in, new_namespace, store, give_store):
    other = runs_in(new_namespace("neighbour"))
    give_store(other.namespace)
    other.start("private", {"write": container('printf x > "$1"', {"outputPath": "model"}, outputs=MODEL)})
    _, tasks = other.succeed("private")
    uri = tasks["write"]["outputs"]["model"]["uri"]
    read = container('cat "$1"', {"inputPath": "model"}, inputs=MODEL) | {"inputs": {"model": {"uri": uri}}}
    runs.start("curious", {"read": read})
    _, tasks = runs.end("curious")
    assert tasks["read"]["reason"] == "UriRefused"
    assert "another namespace" in tasks["read"]["message"]
