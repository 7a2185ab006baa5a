"""How long the containers of a Pod that is gone may still run."""

from datetime import UTC, datetime, timedelta

from levada.planner.lingering import LONGEST, NOTICE, Lingering
from levada.planner.podview import ContainerState, ContainerStatus, Metadata, PodSpec, PodStatus, PodView, Terminated

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
UNKNOWN = timedelta(seconds=120)


def pod(deleted_by=None, grace=30, status=None):
    metadata = Metadata("p", "ns", "1", deletion_timestamp=deleted_by)
    return PodView(metadata, PodSpec("node", termination_grace_period_seconds=grace), status or PodStatus())


def seconds(lingering, now=NOW):
    return (lingering.dead_by("p", UNKNOWN, now) - NOW - NOTICE).total_seconds()


def after(number):
    return NOW + timedelta(seconds=number)


def test_a_pod_that_is_gone_has_its_own_grace():
    lingering = Lingering()
    lingering.gone(pod(grace=50), NOW)
    assert seconds(lingering) == 50
    assert seconds(lingering, after(40)) == 50


def test_a_deletion_with_a_shorter_grace_does_not_hasten_an_earlier_one():
    lingering = Lingering()
    lingering.going(pod(after(300)))
    lingering.going(pod(after(1)))
    lingering.gone(pod(after(1)), NOW)
    assert seconds(lingering) == 300


def test_a_forced_deletion_leaves_the_containers_their_grace():
    """The API server then says that the deletion ends at once."""
    lingering = Lingering()
    lingering.gone(pod(NOW), NOW)
    assert seconds(lingering) == 30


def test_a_pod_that_nobody_saw_go_has_the_grace_of_its_task_from_when_it_is_missed():
    lingering = Lingering()
    assert seconds(lingering) == UNKNOWN.total_seconds()
    assert seconds(lingering, after(60)) == UNKNOWN.total_seconds()


def test_a_grace_that_is_no_time_is_not_believed():
    lingering = Lingering()
    lingering.gone(pod(grace=2**63 - 1), NOW)
    assert seconds(lingering) == LONGEST


def test_what_ended_before_its_pod_was_gone_lingers_no_longer():
    lingering = Lingering()
    ended = ContainerStatus("main", ContainerState(terminated=Terminated(0)))
    lingering.going(pod(after(30)))
    lingering.gone(pod(after(30), status=PodStatus("Running", container_statuses=[ended])), NOW)
    assert lingering.dead_by("p", UNKNOWN, NOW) == NOW


def test_a_pod_that_came_back_is_not_gone():
    lingering = Lingering()
    lingering.gone(pod(), NOW)
    lingering.here("p")
    lingering.gone(pod(), after(100))
    assert seconds(lingering) == 130
