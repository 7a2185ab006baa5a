"""Every request that brings a run forward goes wrong in every way, and the run ends as ever: all runs side by side."""

import pytest

from faults.catalogue import REQUESTS, fault_of


@pytest.fixture(scope="module")
def struck(scene):
    """All runs have begun, each with its fault; the faults by name."""
    faults = {}
    for number, name in enumerate(REQUESTS, 1):
        run = f"x{number:02d}-{name}"
        faults[name] = run, fault_of(name, run)
        scene.begin(run, faults[name][1])
    return faults


def test_without_a_fault(scene):
    scene.begin("calm")
    scene.ends_as_ever("calm")


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_goes_wrong(scene, struck, name):
    run, fault = struck[name]
    scene.ends_as_ever(run)
    assert fault.hits == fault.times, "it never came to the fault"
