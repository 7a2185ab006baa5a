"""The operator's clock is set, by hours and back, in the middle of runs; what people are told is the server's time."""

from datetime import UTC, datetime, timedelta

import pytest

from faults.catalogue import about
from faults.proxy import Exchange, Fault
from faults.shifted_clock import ShiftedClock

HOURS = 3 * 3600
_NEAR = timedelta(seconds=90)
_SUMMER_TIME = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
"""When Berlin's clocks go from 2 to 3."""


@pytest.fixture(scope="module")
def clock(scene, tmp_path_factory):
    """Of an operator that is started anew, in a place with summer time."""
    made = ShiftedClock(tmp_path_factory.mktemp("clock"))
    scene.operator.stop()
    scene.operator.start(**made.environment, TZ="Europe/Berlin")
    return made


def play(scene, clock, name, verb, words, seconds):
    """Play a run; at its first such request about a Pod the clock is set."""

    async def act(exchange: Exchange):
        clock.set(seconds)
        return await exchange.pass_on()

    fault = Fault(verb, "pods", act, about(words))
    began = datetime.now(UTC)
    with scene.proxy.script(fault):
        scene.begin(name)
        scene.ends_as_ever(name)
    assert fault.hits
    status = scene.runs.get(name)["status"]
    for said in (status["startTime"], status["completionTime"]):
        assert began - _NEAR < datetime.fromisoformat(said) < datetime.now(UTC) + _NEAR


@pytest.mark.fault("the operator's clock jumps ahead by three hours", seen="nothing: the API server's time counts")
def test_the_clock_jumps_ahead(scene, clock):
    clock.set(0)
    play(scene, clock, "ahead", "create", "ahead-second-0", HOURS)


@pytest.mark.fault("the operator's clock is set back by three hours", seen="nothing: the API server's time counts")
def test_the_clock_is_set_back(scene, clock):
    clock.set(HOURS)
    play(scene, clock, "back", "patch", "back-flaky-0", 0)  # the next attempt waits for its time


@pytest.mark.fault("summer time begins where the operator is", seen="nothing: all times are UTC")
def test_summer_time_begins(scene, clock):
    at = int((_SUMMER_TIME - datetime.now(UTC)).total_seconds())
    play(scene, clock, "summer", "create", "summer-first-0", at - 2)
