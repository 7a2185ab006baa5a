"""Each invariant is seen to be broken on a made-up history, and a good history breaks none."""

import pytest

from invariants.checker import WRITES_PER_RUN, check, first_violation
from invariants.history import Change, Containers, History, Write
from unit.invariants.made_up import GOOD, config_map, history, pod, run

ENDED = {"phase": "Succeeded", "tasks": {"a": ["Succeeded", {}]}, "outputs": {}}
EVENT = {"kind": "Event", "metadata": {"name": "e", "uid": "e"}, "note": "hunter2"}
LIVE_POD = Containers(1.5, pod(0), is_running=True)

BROKEN = {
    "I1 by the Pods": history(*GOOD[:3], run("Running", ("a", "Pending", 2)), pod(1), pod(1, state="running")),
    "I1 by the nodes": history(*GOOD[:2], LIVE_POD, GOOD[5], GOOD[7], Containers(9, pod(1), is_running=True)),
    "I1 by who leads": history(Write(1.0, "one", "other", "create pods x")),
    "I2 a Pod too many": history(run("Running", ("a", "Succeeded", 1)), pod(1)),
    "I2 another end": history(run("Succeeded", ("a", "Succeeded", 1)), run("Failed", ("a", "Succeeded", 1))),
    "I2 another task's end": history(run("Running", ("a", "Failed", 1)), run("Running", ("a", "Succeeded", 1))),
    "I3 attempts": history(*GOOD[:7], run("Running", ("a", "Pending", 0))),
    "I3 phase": history(*GOOD[:4], run("Running", ("a", "Pending", 1))),
    "I3 start": history(GOOD[0], run("Running", ("a", "Pending", 0), startTime="2027-01-01T00:00:00Z")),
    "I3 forgotten": history(run("Running", ("a", "Pending", 0), ("b", "Pending", 0)), GOOD[0]),
    "I4": history(*GOOD[:5], pod(1)),
    "I4 gone": history(*GOOD[:5], (pod(0, held=False),)),
    "I5 held": history(*GOOD[:-1]),
    "I5 outlives": history(run("Running", ("a", "Pending", 0)), pod(0, held=False), (run("Running"),)),
    "I6": history(*GOOD, expected={"run": ENDED | {"outputs": {"n": 1}}}),
    "I7 counted": history(run("Running", ("a", "Pending", 2)), pod(1, held=False)),
    "I7 spent": history(
        *GOOD[:2],
        run("Failed", uid="r1", tasks=[{"path": "a", "phase": "Failed", "attempts": 1, "reason": "Disrupted"}]),
        pod(0, held=False),
    ),
    "I8": history(*GOOD, expected={"run": ENDED, "neighbour": ENDED}),
    "I8 late": History([Change(0, pod(0, held=False)), Change(400, run("Succeeded", ("a", "Succeeded", 1)))]),
    "I9 status": history(run("Running", message="hunter2"), secrets=("hunter2",)),
    "I9 packed": history(config_map("a hunter2 b"), secrets=("hunter2",)),
    "I9 event": history(EVENT, secrets=("hunter2",)),
    "I10 writes": history(*(run("Running", ("a", "Pending", 0), n=n) for n in range(WRITES_PER_RUN + 2))),
    "I10 size": history(run("Running", taskStates="x" * 1_500_000)),
}  # fmt: skip


def test_a_good_history_breaks_nothing():
    assert first_violation(history(*GOOD, expected={"run": ENDED}, secrets=("hunter2",))) is None


@pytest.mark.parametrize("which", BROKEN)
def test_each_invariant_is_seen_to_be_broken(which):
    violation = first_violation(BROKEN[which])
    assert violation is not None
    assert violation.invariant == which.split()[0], violation


def test_the_first_violation_is_told_with_its_timeline():
    with pytest.raises(AssertionError) as failure:
        check(BROKEN["I4"])
    text = str(failure.value)
    assert text.startswith("I4 is broken at 5.000 s: attempt 1 of a came before the failure was recorded")
    assert "2.000  Pod run-a-0:  held main:running" in text


def test_what_is_left_behind_is_no_fault_while_things_go_on():
    assert first_violation(history(*GOOD[:-1], is_over=False)) is None
