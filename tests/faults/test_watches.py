"""Watches and lists break in every way while a run is at work: what was missed is found out, and it ends as ever."""

import pytest

from faults import actions
from faults.catalogue import about
from faults.proxy import Fault

POD = "pods"
KINDS = "pipelineruns|pipelines|components"
_OUTAGE = 10_000
"""So many requests: all of them, until the fault is taken away."""


def play(scene, name, *faults):
    """Play one run while the faults are in the script, and see that each of them struck."""
    with scene.proxy.script(*faults):
        scene.begin(name)
        scene.ends_as_ever(name)
    assert all(fault.hits for fault in faults)


def ended(run):
    """Says of a line that it tells of a Pod of that run whose container has ended."""
    return about(f'"name":"{run}-', '"terminated":{')


@pytest.mark.fault("the watch of Pods breaks in the middle of an event", seen="nothing: it goes on from the last event")
def test_the_watch_of_pods_is_cut(scene):
    play(scene, "cut", Fault("event", POD, actions.cut, ended("cut"), times=3))


@pytest.mark.fault("the watch of Pods ends before an event", seen="nothing: it goes on from the last event")
def test_the_watch_of_pods_ends(scene):
    play(scene, "ended", Fault("event", POD, actions.end, ended("ended"), times=3))


@pytest.mark.fault("the watch of Pods ends with 410 in its stream", seen="nothing: Pods are listed anew")
def test_the_watch_of_pods_expires_in_its_stream(scene):
    play(scene, "expired", Fault("event", POD, actions.expire, ended("expired"), times=2))


@pytest.mark.fault("the watch of Pods is refused with 410", seen="nothing: Pods are listed anew")
def test_the_watch_of_pods_is_refused_as_too_old(scene):
    cut = Fault("event", POD, actions.end, ended("too-old"))
    play(scene, "too-old", cut, Fault("watch", POD, actions.refuse(410, "Expired")))


@pytest.mark.fault("a page of the list of Pods is refused with 410", seen="nothing: the list begins anew")
def test_a_page_of_a_list_expires(scene):
    expire = Fault("event", POD, actions.expire, ended("paged"))
    page = Fault("list", POD, actions.refuse(410, "Expired"), about("continue="))
    pages = Fault("list", POD, actions.ask_for(limit="1"), times=_OUTAGE)
    play(scene, "paged", expire, page, pages)


@pytest.mark.fault(
    "the list of Pods is refused with 500, 503 and 429", seen="nothing: it is listed again, a little later"
)
def test_a_list_is_refused(scene):
    expire = Fault("event", POD, actions.expire, ended("unlisted"))
    codes = ((500, "InternalError"), (503, "ServiceUnavailable"), (429, "TooManyRequests"))
    play(scene, "unlisted", expire, *(Fault("list", POD, actions.refuse(*code)) for code in codes))


@pytest.mark.fault("the watch of Pods is refused with 401, 403 and 500", seen="the log says so; it is tried again")
def test_the_watch_of_pods_is_refused(scene):
    end = Fault("event", POD, actions.end, ended("unwatched"))
    codes = ((401, "Unauthorized"), (403, "Forbidden"), (500, "InternalError"))
    play(scene, "unwatched", end, *(Fault("watch", POD, actions.refuse(*code)) for code in codes))


@pytest.mark.fault("Pods lose their label while they are in no watch yet", seen="they get it back at the next list")
def test_a_label_is_lost_while_nobody_watches(scene, kubectl):
    missed = Fault("event", POD, actions.expire, about('"name":"unseen-'))
    unlisted = Fault("list", POD, actions.refuse(503, "ServiceUnavailable"), times=_OUTAGE)
    scene.until(lambda: ("watch", POD) in scene.proxy.asked, "the operator to watch")
    with scene.proxy.script(missed, unlisted):
        scene.begin("unseen")
        scene.until(lambda: unlisted.hits, "the watch to be away")
        scene.until(lambda: len(scene.runs.pods("unseen")) == 2, "the Pods of the first two tasks")
        kubectl("label", "pods", "-l", "levada.dev/run=unseen", "-n", scene.runs.namespace, "levada.dev/run-")
    scene.ends_as_ever("unseen")


@pytest.mark.fault("something that is no event comes in the watch of Pods", seen="the log says so; it begins again")
def test_the_watch_of_pods_babbles(scene):
    play(scene, "babble", Fault("event", POD, actions.babble, ended("babble")))


@pytest.mark.fault("the watch of Pods stays open and tells nothing any more", seen="it begins again 100 s later")
def test_the_watch_of_pods_falls_silent(scene):
    play(scene, "silent", Fault("event", POD, actions.fall_silent, ended("silent")))


@pytest.mark.fault("events of Pods come twice", seen="nothing")
def test_events_come_twice(scene):
    play(scene, "twice", Fault("event", POD, actions.repeat, about("twice"), times=_OUTAGE))


@pytest.mark.fault("events of Pods come 3 s late", seen="3 s more")
def test_events_come_late(scene):
    play(scene, "late", Fault("event", POD, actions.hold_back(3), ended("late")))


@pytest.mark.fault("the watches of runs, Pipelines and Components break", seen="nothing: they are begun again")
def test_the_watches_of_our_kinds_are_cut(scene):
    play(scene, "kinds-cut", Fault("event", KINDS, actions.cut, about("kinds-cut"), times=3))


@pytest.mark.fault("the watches of runs, Pipelines and Components end with 410", seen="nothing: they are begun again")
def test_the_watches_of_our_kinds_expire(scene):
    play(scene, "kinds-expired", Fault("event", KINDS, actions.expire, about("kinds-expired"), at=2))


@pytest.mark.fault("no connection to the API server for as long as a task runs", seen="the run goes on when it is back")
def test_the_api_server_is_away_for_a_while(scene):
    scene.begin("away")
    scene.until(lambda: scene.runs.pods("away"), "its first Pod")
    cut, closed = Fault("event", ".*", actions.cut, times=_OUTAGE), Fault(".*", ".*", actions.close, times=_OUTAGE)
    with scene.proxy.script(cut, closed):
        scene.until(
            lambda: any(pod["status"].get("phase") == "Succeeded" for pod in scene.runs.pods("away")), "its end"
        )
        scene.until(lambda: closed.hits, "a request that fails")
    scene.ends_as_ever("away")


@pytest.mark.fault("the renewal of the lease is lost, refused with 409 and 500, and late", seen="the log says so")
def test_the_lease_is_not_renewed_at_once(scene):
    happens = (
        actions.lose_answer,
        actions.refuse(409, "Conflict"),
        actions.refuse(500, "InternalError"),
        actions.delay(4),
    )
    faults = [Fault("update", "leases", do) for do in happens]
    with scene.proxy.script(*faults):
        scene.begin("renewed")
        scene.ends_as_ever("renewed")
        scene.until(lambda: all(fault.hits for fault in faults), "every renewal to go wrong")


@pytest.mark.fault("the lease cannot be renewed and is lost", seen="nothing is written until it leads again")
def test_the_lease_is_lost(scene):
    gone = Fault("update|get", "leases", actions.refuse(503, "ServiceUnavailable"), times=_OUTAGE)
    with scene.proxy.script(gone):
        scene.until(lambda: "the lease is lost" in scene.operator.log.read_text(), "the lease to be lost")
        scene.begin("leaderless")
        before = len(scene.proxy.asked)
        scene.until(lambda: gone.hits > 20, "it tries again and again")
        since = scene.proxy.asked[before:]
        assert {verb for verb, resource in since if resource != "leases"} <= {"watch", "list", "get"}
    scene.ends_as_ever("leaderless")
