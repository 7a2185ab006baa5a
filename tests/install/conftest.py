"""Fixtures of the tests that install Levada, remove it and kill it: they run alone, one after the other."""

import os

import pytest

from cluster.install import VALUES
from e2e.witness import witnessed
from install.audit import Audit
from install.release import Release
from install.tasks import Gates


@pytest.fixture(scope="session")
def release(cluster, kubectl):
    """Levada's Helm release. At the end it is as `make cluster-up` leaves it."""
    if os.environ.get("LEVADA_TEST_KUBECONFIG"):
        pytest.skip("left out, tests that remove Levada: the given cluster's Levada stays as it is")
    if not VALUES.exists():
        pytest.skip("left out, tests that remove Levada: the cluster was started without it")
    release = Release(kubectl)
    yield release
    release.settle()


@pytest.fixture
def levada(release):
    """Levada is installed as `make cluster-up` does, whatever the test before did."""
    release.settle()
    release.led()
    return release


@pytest.fixture
def replicas(release, wait_for):
    """Two replicas, one of which leads."""
    release.settle("replicas=2")
    wait_for(lambda: len(release.replicas()) == 2, "two replicas", 60)
    release.led()
    return release


@pytest.fixture
def audit(release):
    return Audit()


@pytest.fixture
def runs(release, kubectl, namespace):
    """Apply runs in the test's namespace and wait for them; whatever they did, the invariants hold at the end."""
    with witnessed(kubectl) as make:
        seen = make(namespace)
        yield seen
        seen.check_invariants()


@pytest.fixture
def gates(kubectl, wait_for):
    return Gates(kubectl, wait_for)
