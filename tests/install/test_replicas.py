"""Two replicas of the operator, of which one leads, and what happens to it: no task runs twice, whatever it is."""

import signal
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from e2e.runs import container, kind
from install.tasks import after, gated, number

TAKEOVER = timedelta(seconds=20)
"""The longest time from the death of a leader until another works on its runs."""


def chain(length):
    """`length` tasks, one after the other; the first waits until the test lets it go on."""
    return {"t0": gated()} | {f"t{index}": after(f"t{index - 1}") for index in range(1, length)}


def created_pods(audit, namespace):
    """How often each Pod was created, by name."""
    requests = [each for each in audit.requests(namespace) if (each.verb, each.resource) == ("create", "pods")]
    return Counter(each.name for each in requests if each.has_written)


def test_a_replica_that_does_not_lead_writes_nothing(replicas, audit, runs, namespace):
    runs.start("calm", {"one": number(), "two": after("one")})
    runs.succeed("calm")
    (standby,) = replicas.replicas() - {replicas.leader()}
    asked = {(each.verb, each.resource) for each in audit.requests() if each.replica == standby}
    assert asked == {("get", "leases")}
    assert {each.replica for each in audit.requests(namespace)} == {replicas.leader()}


@pytest.mark.fault("the leader of two replicas is killed", seen="the other goes on in 20 s; no Pod is created twice")
def test_when_the_leader_is_killed_the_other_takes_over_and_nothing_runs_twice(
    replicas, audit, runs, gates, kubectl, namespace
):
    # One run at each of the moments that matter.
    late = {"componentRef": {"name": "late"}}
    runs.start("working", chain(3) | {"branch": number()})
    runs.start("waiting", {"one": late})
    runs.start("ending", chain(2))
    runs.running("working")
    runs.running("ending")
    runs.until("waiting", lambda status: status.get("phase") == "Pending", "it waits for its component")
    killed = replicas.led()
    runs.start("beginning", {"one": number(), "two": after("one")})
    gates.open(runs, "ending", "t0")
    killed_at = datetime.now(UTC)
    replicas.signal(killed, signal.SIGKILL)
    # What happens while nobody leads is seen afterwards.
    gates.open(runs, "working", "t0")
    component = container('printf 1 > "$1"', {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}])
    runs.apply(kind("Component", "late", component["componentSpec"]))
    successor = replicas.led(replicas.replicas() - {killed})
    for name in ("working", "waiting", "ending", "beginning"):
        _, tasks = runs.succeed(name)
        assert all(task["attempts"] == 1 for task in tasks.values()), tasks
    written = [each.at for each in audit.requests(namespace) if each.replica == successor and each.has_written]
    assert killed_at < min(written) < killed_at + TAKEOVER
    created = created_pods(audit, namespace)
    assert len(created) == 4 + 1 + 2 + 2
    assert set(created.values()) == {1}


@pytest.mark.fault("the leader stands still until the other replica leads", seen="it writes nothing more")
def test_a_leader_that_was_paused_writes_nothing_when_it_goes_on(replicas, audit, runs, gates, namespace):
    runs.start("paused", chain(3))
    runs.running("paused")
    paused = replicas.led()
    replicas.signal(paused, signal.SIGSTOP)
    try:
        successor = replicas.led(replicas.replicas() - {paused})
        gates.open(runs, "paused", "t0")
        runs.until("paused", lambda status: status["counts"]["succeeded"] >= 1, "the successor goes on")
    finally:
        replicas.signal(paused, signal.SIGCONT)
    # It goes on in the middle of the run, with all that it believes of the run and of the lease.
    runs.succeed("paused")
    runs.start("next", {"one": number()})
    runs.succeed("next")
    begun = min(each.at for each in audit.requests() if each.replica == successor and each.has_written)
    late = [each for each in audit.requests() if each.replica == paused and each.writes and each.at > begun]
    # Not even an attempt; but it may ask for the lease.
    assert not [each for each in late if each.has_written or each.resource != "leases"]
    assert set(created_pods(audit, namespace).values()) == {1}


@pytest.mark.fault("Levada is upgraded during a run", seen="nothing")
def test_a_rolling_upgrade_in_the_middle_of_a_run(replicas, audit, runs, gates, namespace):
    before = replicas.replicas()
    runs.start("rolling", chain(3) | {"other": gated()})
    runs.running("rolling")
    replicas.upgrade("replicas=2", "podAnnotations.version=newer")
    gates.open(runs, "rolling", "t0")
    gates.open(runs, "rolling", "other")
    runs.succeed("rolling")
    assert not replicas.replicas() & before
    assert replicas.leader() in replicas.replicas()
    created = created_pods(audit, namespace)
    assert (len(created), set(created.values())) == (4, {1})


@pytest.mark.fault("the leader's Pod is deleted", seen="the other leads at once")
def test_a_leader_that_ends_in_good_order_hands_over(replicas, runs, gates, kubectl, namespace):
    runs.start("handed", chain(2))
    runs.running("handed")
    first = replicas.led()
    kubectl("-n", "levada-system", "delete", "pod", first, "--wait=false")
    replicas.led(replicas.replicas() - {first})
    lease = kubectl.json("-n", "levada-system", "get", "lease", "levada")["spec"]
    gates.open(runs, "handed", "t0")
    runs.succeed("handed")
    assert lease["holderIdentity"].startswith(tuple(replicas.replicas()))


@pytest.mark.fault("all replicas are killed at once", seen="the run goes on when they are back")
def test_when_all_replicas_are_killed_at_once_the_run_goes_on_when_they_are_back(
    replicas, audit, runs, gates, namespace
):
    runs.start("dark", chain(3))
    runs.running("dark")
    before = replicas.holder()
    for pod in replicas.replicas():
        replicas.signal(pod, signal.SIGKILL)
    gates.open(runs, "dark", "t0")  # it ends while nobody is there
    runs.succeed("dark")
    assert replicas.holder() != before, "the lease is a process's, not a Pod's"
    created = created_pods(audit, namespace)
    assert (len(created), set(created.values())) == (3, {1})


@pytest.mark.fault("somebody deletes the lease", seen="it comes back; no Pod is created twice")
def test_a_lease_that_somebody_deletes_comes_back_and_nothing_runs_twice(
    replicas, audit, runs, gates, kubectl, namespace
):
    runs.start("robbed", chain(3))
    runs.running("robbed")
    kubectl("-n", "levada-system", "delete", "lease", "levada")
    gates.open(runs, "robbed", "t0")
    runs.succeed("robbed")
    replicas.led()
    created = created_pods(audit, namespace)
    assert (len(created), set(created.values())) == (3, {1})
