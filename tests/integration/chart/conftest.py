from __future__ import annotations

import pytest

from cluster.binaries import program
from integration.chart.rendering import load, template


@pytest.fixture(scope="session")
def helm() -> str:
    built = program("helm")
    if not built.exists():
        pytest.skip("left out, tests of the chart: `make cluster-up` has not built Helm yet")
    return str(built)


@pytest.fixture
def render(helm):
    """The objects that the chart renders with `--set` of each setting, by kind and name (namespaced: and namespace)."""
    return lambda *settings: load(template(helm, *settings))
