"""Fixtures of the tests in which the way to the API server is broken."""

import asyncio

import pytest

from cluster.waiting import WaitFor
from e2e.conftest import operator  # noqa: F401  # a fixture
from e2e.runs import Runs
from e2e.witness import Witness
from faults.operator_process import OperatorProcess
from faults.proxy import Proxy
from faults.scene import END, Scene
from levada.kube import credentials


@pytest.fixture(scope="session")
def alone(operator):  # noqa: F811  # the fixture
    """The cluster's own operator is away: what is left to do is ours."""
    operator.scale(0)
    yield
    operator.scale(1)


@pytest.fixture(scope="module")
def scene(request, alone, kubectl, new_namespace, tmp_path_factory):
    """A namespace with our operator in it; in the end every invariant has held, and every run ended as it should."""
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    namespace = new_namespace(f"faults-{name}")
    runs, witness = Runs(kubectl, namespace), Witness(kubectl, namespace)
    way = asyncio.run(credentials.load(str(kubectl.kubeconfig)))
    with Proxy(way).running() as proxy:
        process = OperatorProcess(kubectl, proxy, namespace, tmp_path_factory.mktemp(name))
        process.start()
        made = Scene(proxy, process, runs, WaitFor(kubectl, namespace))
        try:
            yield made
            runs.check_invariants()
        finally:
            process.stop()
            print(f"the operator's log: {process.log}")
            said = {"the operator": process.log.read_text(errors="replace")}
            witness.testify(dict.fromkeys(made.played, END), excused=runs.excused, logs=said)
