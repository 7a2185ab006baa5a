"""Fixtures of every test: a cluster where the machine can run one, and what a test does in it."""

import fcntl
import json
import os
import re
import secrets
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from obstore.store import S3Store

from cluster import lifecycle, packages, store
from cluster.kubectl import Kubectl
from cluster.paths import CACHE, KUBECONFIG
from cluster.paths import STATE as CLUSTER_STATE
from cluster.progress import ClusterError
from cluster.waiting import WaitFor

_NAMESPACES_GONE_WITHIN = 120
_NAME_LIMIT = 40

# On a busy machine everything is slow; that says nothing about what is tested.
settings.register_profile("levada", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("levada")


# A shell ignores Ctrl-C on behalf of what it starts in the background, and so would every command of these tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Cluster:
    """The cluster under test. `store` is None where a given cluster comes without one (LEVADA_TEST_STORE)."""

    kubeconfig: Path
    store: dict | None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker("cluster")


@pytest.fixture(scope="session")
def own_server() -> None:
    """The test starts an API server of its own, without a node: not every machine can."""
    if reason := packages.unable():
        pytest.skip(f"left out, every test with an API server of its own: {reason}")


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster of LEVADA_TEST_KUBECONFIG, or the one-node cluster on this machine, started if need be."""
    given = os.environ.get("LEVADA_TEST_KUBECONFIG")
    if given:
        store = os.environ.get("LEVADA_TEST_STORE")
        return Cluster(Path(given).resolve(), json.loads(Path(store).read_text()) if store else None)
    reason = packages.unable()
    if reason:
        pytest.skip(f"left out, every test on a real cluster: {reason}")
    _start_once()
    return Cluster(KUBECONFIG, json.loads((CLUSTER_STATE / "store.json").read_text()))


@pytest.fixture(scope="session")
def kubectl(cluster: Cluster) -> Kubectl:
    return Kubectl(cluster.kubeconfig)


@pytest.fixture(scope="session")
def _namespaces(kubectl: Kubectl) -> Iterator[list[str]]:
    """Namespaces go while other tests run; but at the end all must be gone, or something in one is stuck."""
    made: list[str] = []
    yield made

    for name in made:
        kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")

    def left() -> set[str]:
        return set(kubectl("get", "namespaces", "-o", "name").replace("namespace/", "").split()) & set(made)

    WaitFor(kubectl)(lambda: not left(), "the end of the tests' namespaces", _NAMESPACES_GONE_WITHIN)


@pytest.fixture(scope="session")
def new_namespace(kubectl: Kubectl, _namespaces: list[str]) -> Callable[..., str]:
    """`new_namespace("readable", label="value")` makes a fresh namespace; it goes with the session at the latest."""

    def make(readable: str, **labels: str) -> str:
        name = f"t-{readable[:_NAME_LIMIT].strip('-')}-{secrets.token_hex(3)}"
        kubectl("create", "namespace", name)
        _namespaces.append(name)
        if labels:
            kubectl("label", "namespace", name, *(f"{key}={value}" for key, value in labels.items()))
        account = ("get", "serviceaccount", "default", "-n", name)
        # A Pod is refused until the namespace has its ServiceAccount.
        WaitFor(kubectl)(lambda: kubectl(*account), "the default ServiceAccount", 20)
        return name

    return make


@pytest.fixture(scope="session")
def bucket(cluster: Cluster) -> S3Store:
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


@pytest.fixture(scope="session")
def give_store(cluster: Cluster, kubectl: Kubectl) -> Callable[..., None]:
    """`give_store(namespace)` gives a namespace the cluster's store; keyword arguments change its settings."""

    def give(namespace: str, **changes: object) -> None:
        if cluster.store is None:
            pytest.skip("left out, tests on the store: LEVADA_TEST_STORE names no settings for the given cluster")
        kubectl.apply(*store.objects(cluster.store, **changes), namespace=namespace)

    return give


@pytest.fixture
def namespace(request: pytest.FixtureRequest, kubectl: Kubectl, new_namespace: Callable[..., str]) -> Iterator[str]:
    """A fresh namespace, named after the test."""
    name = new_namespace(re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")))
    yield name
    kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


@pytest.fixture
def wait_for(request: pytest.FixtureRequest, kubectl: Kubectl) -> WaitFor:
    """Wait for a predicate; the failure shows the test's namespace."""
    known = "namespace" in request.fixturenames
    return WaitFor(kubectl, request.getfixturevalue("namespace") if known else None)


def _start_once() -> None:
    """With pytest-xdist every worker comes here: the first starts the cluster, the others find it running."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if lifecycle.is_up():
            return
        try:
            lifecycle.up()
        except ClusterError as error:
            pytest.fail(f"The cluster did not start: {error}", pytrace=False)
