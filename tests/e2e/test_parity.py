"""The same pipelines on a cluster and on this machine: the same phases, reasons, outputs and digests."""

import pytest

from local.program import Levada
from parity.suite import CASES, check, seen


@pytest.mark.parametrize("name", CASES)
def test_both_engines_do_the_same(runs, store, tmp_path, name):
    case = CASES[name]
    runs.start(name, case.tasks, outputs=case.outputs, parameters=case.parameters, declared=case.declared)
    levada = Levada(tmp_path, {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"})
    path = levada.write(
        name, case.tasks, outputs=case.outputs, **({"parameters": case.declared} if case.declared else {})
    )
    levada.set_parameters(path, case.parameters)
    here = levada.run(path)
    status, tasks = runs.end(name, timeout=180)
    assert status["phase"] == here.record["phase"] == case.phase
    there = seen(tasks.values(), status.get("outputs", {}))
    check(case, there)
    assert there == seen(here.record["tasks"], here.record["outputs"])
