"""Fixtures of the tests that use the whole cluster."""

import pytest
from obstore.store import S3Store

from e2e.operator_pod import Operator
from e2e.runs import BASE_IMAGE, Runs
from e2e.witness import Witness


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


@pytest.fixture(scope="session")
def operator(cluster, kubectl):
    """Levada, which `make cluster-up` (or whoever gave the cluster) has installed."""
    installed = Operator(kubectl)
    installed.ready()
    return installed


@pytest.fixture(scope="session")
def give_store(cluster, kubectl):
    """`give_store(namespace)` gives a namespace the cluster's store; keyword arguments change its settings."""

    def give(namespace, **changes):
        if cluster.store is None:
            pytest.skip("left out, tests on the store: LEVADA_TEST_STORE names no settings for the given cluster")
        settings = {key: str(value).lower() if value is True else value for key, value in cluster.store.items()}
        settings |= changes
        secret = {key: settings.pop(key) for key in ("accessKeyId", "secretAccessKey")}
        common = {"apiVersion": "v1", "metadata": {"name": "levada-store"}}
        objects = (
            {**common, "kind": "ConfigMap", "data": settings},
            {**common, "kind": "Secret", "stringData": secret},
        )
        kubectl.apply(*objects, namespace=namespace)

    return give


@pytest.fixture
def store(give_store, namespace):
    """The test's namespace has a store."""
    give_store(namespace)


@pytest.fixture(scope="session")
def runs_in(operator, kubectl):
    """`runs_in(namespace)` applies runs there and waits for them."""
    return lambda namespace: Runs(kubectl, namespace)


@pytest.fixture
def runs(runs_in, kubectl, namespace):
    """Apply runs in the test's namespace and wait for them; whatever they did, the invariants hold at the end."""
    seen, witness = runs_in(namespace), Witness(kubectl.kubeconfig, namespace)
    try:
        yield seen
        seen.check_invariants()
    finally:
        witness.testify()
