"""What takes part in these tests are programs of their own, which find the tests' modules by PYTHONPATH."""

import os

import pytest

from cluster import packages
from cluster.paths import REPO


@pytest.fixture(scope="session", autouse=True)
def _surroundings():
    if reason := packages.unable():
        pytest.skip(f"left out, load: {reason}")
    os.environ["PYTHONPATH"] = str(REPO / "tests")
