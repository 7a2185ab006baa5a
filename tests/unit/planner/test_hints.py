"""Why a Pod does not start."""

from datetime import UTC, datetime, timedelta

from levada.planner.attempt import Doomed, Waiting
from levada.planner.hints import hint_of
from levada.planner.podview import ContainerState, ContainerStatus, Metadata, PodStatus, PodView
from levada.planner.podview import Waiting as ContainerWaits
from levada.planner.sighting import sight
from unit.planner.graphs import component

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_last_telling_event_is_the_hint():
    events = [("FailedMount", "old"), ("FailedMount", 'configmap "c" not found'), ("BackOff", "?")]
    hint = hint_of(events)
    assert hint.reason == "FailedMount"
    assert 'configmap "c" not found' in hint.message


def test_events_that_say_nothing_are_no_hint():
    assert hint_of([("BackOff", "x")]) == Waiting()
    assert hint_of([]) == Waiting()


def test_an_image_name_that_cannot_be_read_dooms_the_attempt_at_once():
    main = ContainerStatus("main", ContainerState(waiting=ContainerWaits("InvalidImageName", "couldn't parse")))
    pod = PodView(Metadata("p", "n", "u"), status=PodStatus(container_statuses=[main]))
    sighting = sight(pod, component(), pending_since=NOW, deadline=NOW + timedelta(hours=1), now=NOW)
    assert isinstance(sighting, Doomed)
    assert sighting.failure.reason == "InvalidImageName"
    assert "couldn't parse" in sighting.failure.message
