"""The mutants can be made: each takes away something that is in the code, once, and leaves Python that runs."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

loader = SourceFileLoader("mutants", str(Path(__file__).with_name("mutants")))
mutants = module_from_spec(spec_from_loader(loader.name, loader))
loader.exec_module(mutants)


def test_each_mutant_can_be_made_and_is_valid_python():
    levada = mutants.REPO / "operator" / "levada"
    for mutant in mutants.MUTANTS:
        text = (levada / mutant.file).read_text()
        assert mutants.mutated(mutant, text) != text, mutant.name
    assert len({mutant.name for mutant in mutants.MUTANTS}) == len(mutants.MUTANTS)


def test_the_tests_that_have_to_notice_are_there():
    named = {path for mutant in mutants.MUTANTS for path in mutant.tests if path.startswith("tests/")}
    assert {path for path in named if not (mutants.REPO / path).exists()} == set()


@pytest.mark.parametrize(("old", "new"), [("no such words", "x"), ("a = 1", "a = (1")], ids=["words", "syntax"])
def test_a_mutant_that_cannot_be_made_is_named(old, new):
    with pytest.raises(ValueError, match="mend the mutant 'odd'"):
        mutants.mutated(mutants.Mutant("odd", "x.py", old, new), "a = 1\n")
