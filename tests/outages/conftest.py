"""Fixtures of the tests in which a part of the cluster is away for a while."""

import os

import pytest

from e2e.conftest import operator, runs_in  # noqa: F401  # fixtures


@pytest.fixture(scope="session", autouse=True)
def _own_cluster():
    if os.environ.get("LEVADA_TEST_KUBECONFIG"):
        pytest.skip("left out, outages: no part of a given cluster is stopped")
