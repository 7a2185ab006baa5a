"""The same work is under way once."""

from levada.planner.flow.flights import Flights


def test_the_second_waits_for_the_first_and_flies_when_that_has_landed():
    flights = Flights()
    assert flights.board("key", "a") is None
    assert flights.board("key", "b") == "a"
    assert flights.land("a") == ["b"]
    assert flights.board("key", "b") is None


def test_who_boards_twice_is_on_board():
    flights = Flights()
    assert [flights.board("key", "a"), flights.board("key", "a")] == [None, None]


def test_other_work_is_not_waited_for():
    flights = Flights()
    assert [flights.board("key", "a"), flights.board("other", "b")] == [None, None]


def test_who_was_at_nothing_lets_nobody_go():
    flights = Flights()
    flights.board("key", "a")
    flights.board("key", "b")
    assert flights.land("b") == []
    assert flights.land("a") == ["b"]
