"""Fixtures of the tests that use the whole cluster."""

import pytest

from e2e.operator_pod import Operator
from e2e.runs import BASE_IMAGE
from e2e.witness import witnessed


@pytest.fixture(scope="session")
def base_image() -> str:
    """sh and python3; imported into the node, so it is never pulled."""
    return BASE_IMAGE


@pytest.fixture(scope="session")
def operator(cluster, kubectl):
    """Levada, which `make cluster-up` (or whoever gave the cluster) has installed."""
    installed = Operator(kubectl)
    installed.ready()
    return installed


@pytest.fixture
def store(give_store, namespace):
    """The test's namespace has a store."""
    give_store(namespace)


@pytest.fixture(scope="module")
def runs_in(operator, kubectl):
    """`runs_in(namespace)` applies runs there and waits for them; in the end the invariants have held."""
    with witnessed(kubectl) as make:
        yield make


@pytest.fixture
def runs(operator, kubectl, namespace):
    """Apply runs in the test's namespace and wait for them; whatever they did, the invariants hold at the end."""
    with witnessed(kubectl) as make:
        seen = make(namespace)
        yield seen
        seen.check_invariants()
