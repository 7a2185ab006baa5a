"""The suite of pipelines that do the same on every engine: here on the local one, beside what is expected."""

import pytest

from parity.suite import CASES, check, seen


@pytest.mark.parametrize("name", CASES)
def test_it_does_what_every_engine_must_do(levada, name):
    case = CASES[name]
    path = levada.write(
        name, case.tasks, outputs=case.outputs, **({"parameters": case.declared} if case.declared else {})
    )
    levada.set_parameters(path, case.parameters)
    done = levada.run(path)
    assert done.record["phase"] == case.phase, done.err
    assert done.code == (0 if case.phase == "Succeeded" else 1)
    check(case, seen(done.record["tasks"], done.record["outputs"]))
