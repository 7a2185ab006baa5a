"""At every request of a run the operator is killed, or stopped for a while, before and after; the run ends as ever.

A signal waits a moment for those of other runs: all of them begin together, and few restarts do for all requests.
"""

import signal

import pytest

from faults.actions import Blow
from faults.catalogue import about
from faults.proxy import Fault

_WRITES = "create|update|patch|delete"
_REQUESTS = f"get|list|{_WRITES}"
_PAUSE = 1.0
_BEYOND_THE_LEASE = 17.0


@pytest.fixture(scope="module")
def requests(scene):
    """How many requests a run takes, and how many of them are writes."""
    counting = [Fault(verbs, ".*", None, about("calm"), at=10_000) for verbs in (_REQUESTS, _WRITES)]
    scene.begin("calm", *counting)
    scene.ends_as_ever("calm")
    return [fault.seen for fault in counting]


def play(scene, prefix, requests, blow):
    """As many runs as one has requests: the n-th gets a blow before its n-th request, and after its n-th write.

    What it only reads leaves nothing behind: a blow after a read would be one before the next request.
    """
    every, writes = requests
    runs = [f"{prefix}-{at:02d}" for at in range(1, every + 1)]
    before = [Fault(_REQUESTS, ".*", blow.before, about(run), at) for at, run in enumerate(runs, 1)]
    after = [Fault(_WRITES, ".*", blow.after, about(run), at) for at, run in enumerate(runs[:writes], 1)]

    def over():
        if not scene.operator.is_alive():
            scene.operator.start()
        ended = all(scene.runs.get(run).get("status", {}).get("phase") == "Succeeded" for run in runs)
        return ended and not scene.runs.held(*runs)

    with scene.proxy.script(*before, *after):
        scene.begin_all(runs)
        scene.until(over, "the end of all runs", 300)
    scene.until(lambda: not blow.is_under_way() and over(), "the last blow to have passed")
    for run in runs:
        scene.ends_as_ever(run)
    # A busy machine needs fewer writes of the status for a run, so that the last may not come.
    for faults in (before, after):
        missed = [fault.at for fault in faults if not fault.hits]
        assert len(missed) <= len(faults) // 4, missed


@pytest.mark.fault(
    "the operator is killed before any request of a run arrives, and after any write",
    seen="nothing: another process goes on from what was written",
)
def test_killed_at_every_request(scene, requests):
    play(scene, "killed", requests, Blow(signal.SIGKILL, lambda: scene.operator.pid))


@pytest.mark.fault(
    "the operator stands still for a second before any request of a run arrives, and after any write",
    seen="a second more",
)
def test_stopped_for_a_moment_at_every_request(scene, requests):
    play(scene, "paused", requests, Blow(signal.SIGSTOP, lambda: scene.operator.pid, pause=_PAUSE))


@pytest.mark.fault(
    "the operator stands still for longer than its lease holds", seen="the log says so; it leads again and goes on"
)
def test_stopped_for_longer_than_its_lease(scene):
    blow = Blow(signal.SIGSTOP, lambda: scene.operator.pid, pause=_BEYOND_THE_LEASE)
    fault = Fault("create", "pods", blow.after, about("frozen"))
    scene.begin("frozen", fault)
    scene.ends_as_ever("frozen")
    assert fault.hits
