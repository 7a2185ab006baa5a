"""The mutants can be made: each takes away something that is in the code, once."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

loader = SourceFileLoader("mutants", str(Path(__file__).with_name("mutants")))
mutants = module_from_spec(spec_from_loader(loader.name, loader))
loader.exec_module(mutants)


def test_what_each_mutant_changes_is_there_once():
    levada = mutants.REPO / "operator" / "levada"
    found = {mutant.name: (levada / mutant.file).read_text().count(mutant.old) for mutant in mutants.MUTANTS}
    assert {name: count for name, count in found.items() if count != 1} == {}
    assert len(found) == len(mutants.MUTANTS)
