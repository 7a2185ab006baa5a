"""Fixtures of the tests that use the whole cluster."""

from collections import Counter

import pytest
from obstore.store import S3Store

BASE_IMAGE = "levada-base:test"


@pytest.fixture(scope="session")
def base_image() -> str:
    """sh and python3; imported into the node, so it is never pulled."""
    return BASE_IMAGE


@pytest.fixture(scope="session")
def bucket(cluster) -> S3Store:
    """The cluster's bucket, as this machine reaches it."""
    if cluster.store is None:
        pytest.skip("left out, tests on the store: LEVADA_TEST_STORE names no settings for the given cluster")
    settings = cluster.store
    return S3Store(
        settings["url"].removeprefix("s3://"),
        endpoint=settings["endpoint"],
        region=settings["region"],
        access_key_id=settings["accessKeyId"],
        secret_access_key=settings["secretAccessKey"],
        virtual_hosted_style_request=not settings["pathStyle"],
        client_options={"allow_http": True},
    )


class Operator:
    """The operator as Helm installed it."""

    def __init__(self, kubectl):
        self._kubectl = kubectl

    def kill(self):
        """SIGKILL: the kubelet gives a force-deleted Pod no grace."""
        pods = ("delete", "pods", "-l", "app.kubernetes.io/component=operator", "--force", "--grace-period=0")
        self._kubectl("-n", "levada-system", *pods)

    def scale(self, replicas):
        self._kubectl("-n", "levada-system", "scale", "deployment/levada", f"--replicas={replicas}")
        if replicas:
            self.ready()
        else:
            self._kubectl("-n", "levada-system", "wait", "pods", "-l", "app.kubernetes.io/component=operator",
                          "--for=delete", "--timeout=60s")  # fmt: skip

    def ready(self):
        self._kubectl("-n", "levada-system", "rollout", "status", "deployment/levada", "--timeout=120s")


@pytest.fixture(scope="session")
def operator(kubectl):
    """Levada, which `make cluster-up` (or whoever gave the cluster) has installed."""
    installed = Operator(kubectl)
    installed.ready()
    return installed


@pytest.fixture
def store(cluster, kubectl, namespace):
    """The test's namespace has a store."""
    settings = {key: str(value).lower() if value is True else value for key, value in cluster.store.items()}
    secret = {key: settings.pop(key) for key in ("accessKeyId", "secretAccessKey")}
    metadata = {"name": "levada-store"}
    kubectl.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings}, namespace=namespace
    )
    kubectl.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": secret}, namespace=namespace
    )


@pytest.fixture
def runs(operator, kubectl, namespace, wait_for):
    """Apply runs and wait for them; whatever they did, the invariants hold at the end."""
    seen = Runs(kubectl, namespace, wait_for)
    yield seen
    seen.check_invariants()


class Runs:
    """The runs of one test."""

    def __init__(self, kubectl, namespace, wait_for):
        self._kubectl = kubectl
        self._namespace = namespace
        self._wait_for = wait_for
        self._made = []

    def start(self, name, tasks, *, outputs=None, parameters=None, declared=None, **spec):
        """Apply a run of `tasks` (task specs by name)."""
        pipeline = {"tasks": [{"name": task, **body} for task, body in tasks.items()]}
        pipeline |= {"outputs": outputs} if outputs else {}
        pipeline |= {"parameters": declared} if declared else {}
        spec |= {"parameters": parameters} if parameters else {}
        body = {**RUN, "metadata": {"name": name}, "spec": {"pipelineSpec": pipeline, **spec}}
        self._kubectl.apply(body, namespace=self._namespace)
        self._made.append(name)

    def get(self, name):
        return self._kubectl.json("get", "pipelineruns.levada.dev", name, "-n", self._namespace)

    def until(self, name, predicate, what, timeout=90):
        """The run, once `predicate(status)` holds."""

        def reached():
            run = self.get(name)
            return run if predicate(run.get("status", {})) else None

        return self._wait_for(reached, f"run {name}: {what}", timeout)

    def end(self, name, timeout=90):
        """The status of the run once it is over, and its tasks by path."""
        final = ("Succeeded", "Failed", "Cancelled")
        status = self.until(name, lambda status: status.get("phase") in final, "its end", timeout)["status"]
        return status, {task["path"]: task for task in status.get("tasks", [])}

    def pods(self, name):
        return self._kubectl.json("get", "pods", "-n", self._namespace, "-l", f"levada.dev/run={name}")["items"]

    def check_invariants(self):
        """At most one Pod for each attempt, and none that is held once its run is over."""
        for name in self._made:
            pods = self.pods(name)
            attempts = Counter((pod["metadata"]["annotations"]["levada.dev/task"],
                                pod["metadata"]["annotations"]["levada.dev/attempt"]) for pod in pods)  # fmt: skip
            assert all(count == 1 for count in attempts.values()), attempts

            def released(name=name):
                return not any("levada.dev/result" in pod["metadata"].get("finalizers", []) for pod in self.pods(name))

            self._wait_for(released, f"run {name}: its Pods are let go", 60)


RUN = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun"}


def container(script, *arguments, inputs=(), outputs=(), **more):
    """An inline component that runs `script` with sh; `$1` and so on are `arguments`."""
    implementation = {"image": BASE_IMAGE, "command": ["sh", "-ec", script, "sh"], "args": list(arguments)}
    implementation |= more.pop("container", {})
    declared = {"inputs": list(inputs), "outputs": list(outputs), "implementation": {"container": implementation}}
    return {"componentSpec": declared | more}
