"""Why a Pod does not start."""

from datetime import UTC, datetime, timedelta

from levada.planner.attempt import Doomed, Sighting, Waiting
from levada.planner.hints import hint_of
from levada.planner.podview import ContainerState, ContainerStatus, Metadata, PodSpec, PodStatus, PodView
from levada.planner.podview import Running as ContainerRuns
from levada.planner.podview import Waiting as ContainerWaits
from levada.planner.sighting import sight
from unit.planner.graphs import component

NOW = datetime(2026, 1, 1, tzinfo=UTC)


HINT = Waiting("FailedMount", "no volume")


def seen(main: ContainerStatus, now: datetime, **more: ContainerStatus) -> Sighting:
    status = PodStatus(container_statuses=[main], init_container_statuses=list(more.values()))
    pod = PodView(Metadata("p", "n", "u"), PodSpec("node"), status)
    return sight(pod, component(), hint=HINT, pending_since=NOW, deadline=NOW + timedelta(hours=1), now=now)


def test_a_pod_that_waits_without_a_word_has_the_hint_of_its_events():
    creating = ContainerStatus("main", ContainerState(waiting=ContainerWaits("ContainerCreating")))
    assert seen(creating, NOW) == HINT


def test_the_hint_is_the_last_word_on_a_pod_that_never_starts():
    creating = ContainerStatus("main", ContainerState(waiting=ContainerWaits("ContainerCreating")))
    sighting = seen(creating, NOW + timedelta(hours=2))
    assert isinstance(sighting, Doomed)
    assert "FailedMount: no volume" in sighting.failure.message


def test_what_the_status_says_counts_more_than_old_events():
    waiting = ContainerStatus("main", ContainerState(waiting=ContainerWaits("PodInitializing")))
    agent = ContainerStatus("agent", ContainerState(running=ContainerRuns()))
    sighting = seen(waiting, NOW, agent=agent)
    assert isinstance(sighting, Waiting)
    assert sighting.reason == "Staging"


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
    sighting = seen(main, NOW)
    assert isinstance(sighting, Doomed)
    assert sighting.failure.reason == "InvalidImageName"
    assert "couldn't parse" in sighting.failure.message
