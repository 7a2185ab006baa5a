"""Thousands of random histories, and every one that once failed; whatever goes wrong, the invariants hold.

`LEVADA_HISTORIES` says how many (10,000); `LEVADA_FIRST_SEED` where they begin.
"""

import logging
import os

import msgspec
import pytest

from simulation.judging import REGRESSIONS, judge, judge_seeds
from simulation.scenario import Scenario

HISTORIES = int(os.environ.get("LEVADA_HISTORIES", "10000"))
FIRST = int(os.environ.get("LEVADA_FIRST_SEED", "0"))
PARTS = max(16, HISTORIES // 2500)
"""Each is a test of its own, so that pytest tells how far a long night has come."""


@pytest.fixture(autouse=True)
def quiet():
    """What the product logs about ten thousand broken worlds helps nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_the_invariants_hold(part):
    seeds = range(FIRST, FIRST + HISTORIES)
    judge_seeds(seeds[part * HISTORIES // PARTS : (part + 1) * HISTORIES // PARTS])


@pytest.mark.parametrize("path", sorted(REGRESSIONS.glob("*.json")), ids=lambda path: path.stem)
def test_what_once_went_wrong_does_not_again(path):
    judge(msgspec.json.decode(path.read_bytes(), type=Scenario))
