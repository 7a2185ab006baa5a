"""From what watches told and what is there at the end, the witness of a cluster sees each invariant broken."""

import base64

import pytest

from e2e.witness import history_of, judge, secrets_of
from invariants.checker import WRITES_PER_RUN
from unit.invariants.made_up import GOOD, config_map, pod, run

KEY = "canary-4711"
ENCODED = base64.b64encode(KEY.encode()).decode()
SECRET = {"kind": "Secret", "metadata": {"name": "levada-store"}, "data": {"secretAccessKey": ENCODED}}
OTHER_SECRET = SECRET | {"metadata": {"name": "other"}}
ENDED = {"phase": "Succeeded", "tasks": {"a": ["Succeeded", {}]}, "outputs": {}}
SPENT = {"path": "a", "phase": "Failed", "attempts": 1, "reason": "Disrupted"}


def event(text):
    return {"kind": "Event", "metadata": {"name": "e", "uid": "e"}, "note": text}


def told(*objects):
    """What watches tell of the objects as they change; each watch by itself, in the order of its own."""
    events = []
    for version, item in enumerate(objects, 1):
        (shown,) = item if isinstance(item, tuple) else (item,)
        shown = shown | {"metadata": shown["metadata"] | {"resourceVersion": str(version)}}
        events.append({"type": "DELETED" if isinstance(item, tuple) else "MODIFIED", "object": shown})
    return sorted(events, key=lambda event: event["object"]["kind"])


def seen(*objects, there=(), expected=None, logs=None):
    """The history of a namespace whose store has a key."""
    objects_there = [SECRET, *there]
    secrets = tuple(secrets_of(objects_there))
    return history_of(told(*objects), objects_there, expected, secrets=secrets, logs=logs or {})


BROKEN = {
    "I1": seen(*GOOD[:3], run("Running", ("a", "Pending", 2)), pod(1), pod(1, state="running")),
    "I2": seen(run("Succeeded", ("a", "Succeeded", 1)), run("Failed", ("a", "Succeeded", 1))),
    "I3": seen(*GOOD[:4], run("Running", ("a", "Pending", 1))),
    "I4 too early": seen(*GOOD[:5], pod(1)),
    "I4 gone": seen(*GOOD[:5], (pod(0, held=False),)),
    "I7 counted": seen(run("Running", ("a", "Pending", 2)), pod(1, held=False)),
    "I7 spent": seen(*GOOD[:2], run("Failed", tasks=[SPENT])),
    "I9 status": seen(run("Running", message=f"refused: {KEY}")),
    "I9 encoded": seen(run("Running", message=f"refused: {ENCODED.rstrip('=')}")),
    "I9 event": seen(*GOOD, there=[event(KEY)]),
    "I9 ConfigMap": seen(*GOOD, there=[config_map(KEY)]),
    "I9 log": seen(*GOOD, logs={"the operator": f"cannot sign with {KEY}"}),
    "I10": seen(*(run("Running", ("a", "Pending", 0), message=str(n)) for n in range(WRITES_PER_RUN + 2))),
}


@pytest.mark.parametrize("which", BROKEN)
def test_each_invariant_that_always_holds_is_seen_to_be_broken(which):
    with pytest.raises(AssertionError, match=f"^{which.split()[0]} is broken"):
        judge(BROKEN[which])


@pytest.mark.parametrize("which", BROKEN)
def test_what_a_test_breaks_on_purpose_is_excused_and_nothing_else(which):
    invariant = which.split()[0]
    judge(BROKEN[which], excused={invariant: "the test does it"})
    with pytest.raises(AssertionError):
        judge(BROKEN[which], excused={"I5": "the test does it"})


def test_a_good_history_breaks_nothing():
    judge(seen(*GOOD, there=[event("all is well"), config_map("all is well")], logs={"the operator": "all is well"}))
    judge(seen(*GOOD, expected={"run": ENDED}))


def test_how_runs_end_is_decided_where_it_is_known_that_all_is_over():
    judge(seen(*GOOD[:-1]))
    with pytest.raises(AssertionError, match="I5 is broken"):
        judge(seen(*GOOD[:-1], expected={"run": ENDED}))
    with pytest.raises(AssertionError, match="I6 is broken"):
        judge(seen(*GOOD, expected={"run": ENDED | {"phase": "Failed"}}))
    with pytest.raises(AssertionError, match="I8 is broken"):
        judge(seen(*GOOD, expected={"run": ENDED, "other": ENDED}))


def test_an_edit_of_a_run_is_no_write_of_its_status():
    edits = [run("Running", ("a", "Pending", 0)) for _ in range(WRITES_PER_RUN + 2)]
    judge(seen(*(edit | {"metadata": edit["metadata"] | {"labels": {"n": str(n)}}} for n, edit in enumerate(edits))))


def test_only_the_key_of_the_namespaces_store_is_a_secret_that_it_knows():
    assert list(secrets_of([OTHER_SECRET, config_map("x")])) == []
    assert list(secrets_of([SECRET])) == [KEY, ENCODED.rstrip("=")]
    assert list(secrets_of([SECRET | {"data": {}}])) == [], "a store that knows the Pod by its identity"
