"""The cluster itself does what the other tests take for granted."""

import secrets

import pytest

from cluster.kubectl import KubectlError


def pod(name, image, script, **spec):
    """A Pod of one container, ended in one second when it is deleted."""
    main = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]}
    defaults = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [main]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {**defaults, **spec}}


@pytest.fixture
def run_pod(kubectl, namespace, wait_for):
    """Create a Pod and give it back when it has ended."""

    def run(manifest, timeout=60):
        kubectl.apply(manifest, namespace=namespace)
        name = manifest["metadata"]["name"]

        def ended():
            seen = kubectl.json("get", "pod", name, "-n", namespace)
            return seen if seen["status"]["phase"] in ("Succeeded", "Failed") else None

        return wait_for(ended, f"the end of Pod {name}", timeout)

    return run


def test_a_pod_runs_and_its_logs_can_be_read(kubectl, namespace, run_pod, base_image):
    ended = run_pod(pod("hello", base_image, "echo from $(python3 -c 'print(6 * 7)')"))
    assert ended["status"]["phase"] == "Succeeded"
    assert kubectl("logs", "hello", "-n", namespace) == "from 42\n"


def test_a_failed_pod_keeps_its_exit_code(run_pod, base_image):
    ended = run_pod(pod("broken", base_image, "exit 7"))
    assert ended["status"]["phase"] == "Failed"
    assert ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 7


def test_a_native_sidecar_gets_sigterm_and_keeps_its_termination_message(run_pod, base_image):
    wait = (
        "trap 'echo \"told to end\" > /dev/termination-log; exit 0' TERM\n"
        "touch /run/ready/yes; while :; do sleep 0.1; done"
    )
    shared = [{"name": "ready", "mountPath": "/run/ready"}]
    sidecar = {
        "name": "agent",
        "image": base_image,
        "restartPolicy": "Always",
        "command": ["sh", "-c", wait],
        "startupProbe": {"exec": {"command": ["test", "-e", "/run/ready/yes"]}, "periodSeconds": 1},
        "volumeMounts": shared,
    }
    manifest = pod(
        "with-sidecar", base_image, "test -e /run/ready/yes", initContainers=[sidecar],
        volumes=[{"name": "ready", "emptyDir": {}}], terminationGracePeriodSeconds=20,
    )  # fmt: skip
    manifest["spec"]["containers"][0]["volumeMounts"] = shared
    ended = run_pod(manifest)
    assert ended["status"]["phase"] == "Succeeded", "the main container started before the sidecar was ready"
    terminated = ended["status"]["initContainerStatuses"][0]["state"]["terminated"]
    assert (terminated["exitCode"], terminated["message"]) == (0, "told to end\n")


def test_rbac_refuses_a_service_account_without_rights(kubectl, namespace):
    kubectl("create", "serviceaccount", "nobody", "-n", namespace)
    with pytest.raises(KubectlError, match="cannot list resource"):
        kubectl("get", "secrets", "-n", namespace, f"--as=system:serviceaccount:{namespace}:nobody")


def test_a_pod_reaches_the_api_server_through_its_service(run_pod, base_image):
    # The CA in the Pod must fit the address, and an unprivileged account is known but refused.
    script = """
import os, ssl, urllib.request, urllib.error
folder = "/var/run/secrets/kubernetes.io/serviceaccount/"
token = open(folder + "token").read()
url = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}/api/v1/nodes"
request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
try:
    urllib.request.urlopen(request, timeout=10, context=ssl.create_default_context(cafile=folder + "ca.crt"))
except urllib.error.HTTPError as error:
    raise SystemExit(0 if error.code == 403 else f"status {error.code}")
raise SystemExit("not refused")
"""
    manifest = pod("client", base_image, "")
    manifest["spec"]["containers"][0]["command"] = ["python3", "-c", script]
    assert run_pod(manifest)["status"]["phase"] == "Succeeded"


def test_a_service_leads_from_one_pod_to_another(kubectl, namespace, run_pod, wait_for, base_image):
    server = pod(
        "server", base_image, "mkdir /tmp/www; echo found > /tmp/www/it; cd /tmp/www; exec python3 -m http.server 8080"
    )
    server["metadata"]["labels"] = {"app": "server"}
    service = {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "server"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }  # fmt: skip
    kubectl.apply(server, service, namespace=namespace)
    endpoints = ("get", "endpointslices", "-n", namespace, "-o", "jsonpath={.items[*].endpoints[*].addresses[*]}")
    wait_for(lambda: kubectl(*endpoints), "the service's endpoint", 30)
    address = kubectl("get", "service", "server", "-n", namespace, "-o", "jsonpath={.spec.clusterIP}")
    fetch = (
        "import time, urllib.request\n"
        "for _ in range(30):\n"
        "    try:\n"
        f"        print(urllib.request.urlopen('http://{address}/it', timeout=2).read().decode().strip()); break\n"
        "    except OSError:\n"
        "        time.sleep(0.3)\n"
    )
    manifest = pod("client", base_image, "")
    manifest["spec"]["containers"][0]["command"] = ["python3", "-c", fetch]
    run_pod(manifest)
    assert kubectl("logs", "client", "-n", namespace) == "found\n"


def test_the_store_keeps_what_this_machine_writes(bucket):
    key, content = f"tests/{secrets.token_hex(4)}", secrets.token_bytes(100_000)
    bucket.put(key, content)
    try:
        assert bucket.get(key).bytes().to_bytes() == content
    finally:
        bucket.delete(key)


def test_the_store_answers_a_pod_and_asks_who_it_is(cluster, bucket, run_pod, base_image):
    endpoint = cluster.store["endpoint"]
    script = (
        "import urllib.error, urllib.request\n"
        "try:\n"
        f"    urllib.request.urlopen('{endpoint}/levada/tests/none', timeout=10)\n"
        "except urllib.error.HTTPError as error:\n"
        "    raise SystemExit(0 if error.code == 403 else f'status {error.code}')\n"
        "raise SystemExit('answered a stranger')\n"
    )
    manifest = pod("client", base_image, "")
    manifest["spec"]["containers"][0]["command"] = ["python3", "-c", script]
    assert run_pod(manifest)["status"]["phase"] == "Succeeded"


def test_the_examples_image_has_scikit_learn(run_pod, kubectl, namespace):
    script = (
        "from sklearn.linear_model import LogisticRegression as L; print(L().fit([[0], [1]], [0, 1]).predict([[1]])[0])"
    )
    manifest = pod("learn", "levada-examples:test", "")
    manifest["spec"]["containers"][0]["command"] = ["python3", "-c", script]
    run_pod(manifest)
    assert kubectl("logs", "learn", "-n", namespace) == "1\n"


@pytest.mark.threat(
    "the image runs as root",
    holds="it has a user of its own, who may write nothing",
)
def test_levadas_image_runs_as_a_user_who_may_write_nothing(run_pod, kubectl, namespace):
    script = "id -u; command -v levada; python3 -c 'import levada, aiohttp, obstore, sys; print(sys.prefix)'"
    ended = run_pod(pod("levada", "levada:test", script))
    assert ended["status"]["phase"] == "Succeeded"
    assert kubectl("logs", "levada", "-n", namespace).split() == ["65532", "/opt/levada/bin/levada", "/opt/levada"]
