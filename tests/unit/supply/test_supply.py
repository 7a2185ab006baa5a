"""What Levada is made of, and what is said of it."""

import json
from pathlib import Path

import pytest

from supply.advisories import judge
from supply.sbom import packages, sbom

REPO = Path(__file__).resolve().parents[3]
SAFE = {"name": "a", "version": "1", "vulns": []}
UNKNOWN = {"name": "b", "skip_reason": "not found on PyPI"}
UNSAFE = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}


def test_the_bill_lists_every_package_of_the_lock_file():
    pinned = packages((REPO / "requirements.lock").read_text())
    listed = json.loads(sbom(pinned))
    assert listed["metadata"]["component"]["name"] == "levada"
    assert {part["purl"] for part in listed["components"]} == {f"pkg:pypi/{name}@{pinned[name]}" for name in pinned}
    assert {"aiohttp", "pydantic", "obstore"} <= set(pinned)
    assert all(version[0].isdigit() for version in pinned.values())


@pytest.mark.parametrize(
    ("dependencies", "said", "is_unsafe"),
    [
        ([SAFE], "1 packages, no advisory", False),
        ([SAFE, UNKNOWN], "NOT AUDITED: the index here knows nothing of 1 of 2", False),
        ([SAFE, UNKNOWN, UNSAFE], "c 2: PYSEC-1, mended in 3", True),
    ],
    ids=["safe", "unknown", "unsafe"],
)
def test_what_nobody_could_be_asked_about_is_not_called_safe(dependencies, said, is_unsafe):
    verdict = judge(dependencies)
    assert said in verdict.text
    assert verdict.is_unsafe is is_unsafe
