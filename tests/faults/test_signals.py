"""The operator is killed, or stopped for a while, after every write of a run; and the run ends as ever.

What it only reads leaves nothing behind: a kill after a read is one after the write before.
"""

import signal

import pytest

from faults.actions import signal_after
from faults.catalogue import about
from faults.proxy import Fault

_WRITES = "create|update|patch|delete"
_PAUSE = 1.0
_BEYOND_THE_LEASE = 17.0


@pytest.fixture(scope="module")
def writes(scene):
    """How many writes a run takes."""
    counting = Fault(_WRITES, ".*", None, about("calm"), at=10_000)
    scene.begin("calm", counting)
    scene.ends_as_ever("calm")
    return counting.seen


def play(scene, prefix, writes, number, **how):
    """As many runs as one has writes: after the n-th write of the n-th run the operator gets a signal."""
    faults = {}
    for at in range(1, writes + 1):
        run = f"{prefix}-{at:02d}"
        faults[run] = Fault(_WRITES, ".*", signal_after(number, lambda: scene.operator.pid, **how), about(run), at)
        scene.begin(run, faults[run])

    def over():
        if not scene.operator.is_alive():
            scene.operator.start()
        return all(scene.runs.get(run).get("status", {}).get("phase") == "Succeeded" for run in faults)

    scene.until(over, "the end of all runs", 300)
    for run in faults:
        scene.ends_as_ever(run)
    missed = [run for run, fault in faults.items() if not fault.hits]
    # A busy machine needs fewer writes of the status for a run, so that the last may not come.
    assert len(missed) <= writes // 4, missed


@pytest.mark.fault(
    "the operator is killed after any write of a run", seen="nothing: another process goes on from what was written"
)
def test_killed_after_every_write(scene, writes):
    play(scene, "killed", writes, signal.SIGKILL)


@pytest.mark.fault("the operator stands still for a second after any write of a run", seen="a second more")
def test_stopped_for_a_moment_after_every_write(scene, writes):
    play(scene, "paused", writes, signal.SIGSTOP, go_on_after=_PAUSE)


@pytest.mark.fault(
    "the operator stands still for longer than its lease holds", seen="the log says so; it leads again and goes on"
)
def test_stopped_for_longer_than_its_lease(scene):
    stop = signal_after(signal.SIGSTOP, lambda: scene.operator.pid, go_on_after=_BEYOND_THE_LEASE)
    fault = Fault("create", "pods", stop, about("frozen"))
    scene.begin("frozen", fault)
    scene.ends_as_ever("frozen")
    assert fault.hits
