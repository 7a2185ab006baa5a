"""The documents of the corpus on the real cluster: with the results that they have here, and a Pod for each task."""

import os

import pytest
from obstore.exceptions import NotFoundError

from conformance import levada
from conformance.corpus import CORPUS, documents
from conformance.expected import BY_HAND, IN_A_CLUSTER, NOT_IN_A_CLUSTER
from conformance.in_cluster import SECRETS
from conformance.judging import end_of, is_as_recorded, is_as_written

CHOSEN = [one for one in documents() if one.name.startswith("valid/") and one.name not in NOT_IN_A_CLUSTER]

if not CHOSEN:
    pytest.skip(f"left out, Kubeflow's own documents: there is no corpus at {CORPUS}", allow_module_level=True)
if not os.environ.get("LEVADA_CONFORMANCE_CLUSTER"):
    why = "they need a cluster with other settings than other tests: make conformance"
    pytest.skip(f"left out, Kubeflow's own documents in a cluster: {why}", allow_module_level=True)


@pytest.fixture
def surroundings(kubectl, namespace, give_store):
    """What the documents take for granted in their namespace: a store, Secrets, and volumes for claims."""
    give_store(namespace)
    secrets = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": content}
        for name, content in SECRETS.items()
    ]
    volume = f"{namespace}-volume"
    disk = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "standard",
        "hostPath": {"path": f"/tmp/{volume}", "type": "DirectoryOrCreate"},
    }
    kubectl.apply(
        *secrets,
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": volume}, "spec": disk},
        namespace=namespace,
    )
    yield {"KUBECONFIG": str(kubectl.kubeconfig)}
    kubectl("delete", "persistentvolume", volume, "--wait=false")


@pytest.mark.corpus
@pytest.mark.parametrize("document", CHOSEN, ids=lambda one: one.name)
def test_a_document_does_in_a_cluster_what_it_does_here(document, surroundings, kubectl, namespace, bucket, tell):
    def content_of(uri):
        key = uri.partition("://")[2].partition("/")[2]
        try:
            return bytes(bucket.get(key).bytes()).decode(errors="replace")
        except (FileNotFoundError, NotFoundError):
            found = [one for page in bucket.list(f"{key}/") for one in page]
            whole = {one["path"].removeprefix(f"{key}/"): bytes(bucket.get(one["path"]).bytes()) for one in found}
            return {path: data.decode(errors="replace") for path, data in sorted(whole.items())} or None

    if claim := document.arguments.get("pvc_name"):
        spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard",
                "resources": {"requests": {"storage": "1Mi"}}}  # fmt: skip
        kubectl.apply(
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": claim}, "spec": spec},
            namespace=namespace,
        )
    expected = IN_A_CLUSTER.get(document.name) or BY_HAND.get(document.name)
    found = levada.run(document, ("-n", namespace), surroundings, content_of)
    tell(document, "cluster", end_of(document, expected), found)
    if expected:
        is_as_written(found, document, expected)
    else:
        is_as_recorded(found, document)
    pods = kubectl.json("get", "pods", "-n", namespace)["items"]
    started = [pod["metadata"]["annotations"]["levada.dev/task"] for pod in pods]
    ran = {task["path"] for task in found["tasks"] if task["pod"] and task["phase"] == "Succeeded"}
    assert set(started) >= ran
    assert document.name in RETRIED or len(started) == len(set(started))


RETRIED = {"valid/critical/pipeline_with_retry"}
