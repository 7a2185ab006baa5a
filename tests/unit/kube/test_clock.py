"""The time that counts is the API server's, whatever happens to this machine's clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from levada.kube import clock as module
from levada.kube.clock import TOLERANCE, Clock

HOUR = 3600.0
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Machine:
    """Its wall clock, and the one that nobody can set."""

    def __init__(self) -> None:
        self.wall, self.steady = NOW.timestamp(), 50.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def machine(monkeypatch):
    made = Machine()
    monkeypatch.setattr(module, "time", made)
    return made


def date(at):
    return format_datetime(at, usegmt=True)


def test_it_is_the_machines_until_the_server_has_spoken(machine):
    clock = Clock()
    machine.wait(5)
    assert clock.now() == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_step_of_the_machines_clock_moves_nothing(machine, step):
    clock = Clock()
    machine.wall += step
    machine.wait(5)
    clock.hear(date(NOW + timedelta(seconds=5)))
    assert clock.now() == NOW + timedelta(seconds=5)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_where_the_machine_was_wrong_from_the_first_the_server_is_right(machine, step):
    machine.wall += step
    clock = Clock()
    clock.hear(date(NOW))
    machine.wait(5)
    assert clock.now() == NOW + timedelta(seconds=5)


def test_what_whole_seconds_leave_out_is_no_difference(machine):
    clock = Clock()
    machine.wait(0.9)
    clock.hear(date(NOW))
    assert clock.now() == NOW + timedelta(seconds=0.9)
    machine.wait(TOLERANCE)
    clock.hear(date(NOW))  # heard before
    assert clock.now() == NOW + timedelta(seconds=0.9 + TOLERANCE)


@pytest.mark.parametrize("text", ["", "yesterday", "Thu, 99 Nov 2026 12:00:00 GMT"])
def test_a_date_that_makes_no_sense_says_nothing(machine, text):
    clock = Clock()
    clock.hear(text)
    assert clock.now() == NOW
