"""Golden pairs: `specs/NAME.yaml` and, in `specs/NAME.errors`, every mistake that must be found in it, and no other."""

from pathlib import Path

import pytest

from levada.frontend.documents import read_documents
from levada.frontend.objects import check_objects, find_objects

SPECS = sorted((Path(__file__).parent / "specs").glob("*.yaml"))


def found_in(spec: Path) -> list[str]:
    documents, unreadable = read_documents(spec.name, spec.read_bytes())
    objects, misplaced = find_objects(documents)
    located = [*unreadable, *misplaced, *check_objects(objects)]
    return [str(mistake).partition(":")[2] for mistake in sorted(located, key=lambda mistake: mistake.line)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_exactly_the_mistakes_of_a_spec_are_found_each_with_its_line(spec: Path):
    expected = spec.with_suffix(".errors").read_text().splitlines()
    assert found_in(spec) == expected
