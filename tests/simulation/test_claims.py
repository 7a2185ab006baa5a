"""Claims are made and removed once each, whichever request of the operator goes wrong, and however."""

import pytest

from simulation.judging import judged
from simulation.play import NAMESPACE, Play
from simulation.replica import RUNS
from simulation.scenario import ANSWER_FAULTS, Fault, Scenario
from unit.frontend.kfp.documents import LIST, TEXT, compiled, component, constant, output_of, parameters, task

CLAIMS = "persistentvolumeclaims"
MOST_REQUESTS = 32
"""More than the operator sends for the run."""


def pipeline():
    """A compiled pipeline that makes two claims and removes one of them, and one that was there before."""
    inputs = {"access_modes": LIST, "size": TEXT, "pvc_name_suffix": TEXT}
    made = component({"parameters": inputs}, {"parameters": {"name": TEXT}}, "make")
    removed = component({"parameters": {"pvc_name": TEXT}}, label="remove")
    wanted = {"access_modes": constant(["ReadWriteOnce"]), "size": constant("1Mi")}
    tasks = {
        "make": task("make", **parameters(**wanted, pvc_name_suffix=constant("-gone"))),
        "keep": task("make", **parameters(**wanted, pvc_name_suffix=constant("-kept"))),
        "remove": task("remove", "make", **parameters(pvc_name=output_of("make", "name"))),
        "clear": task("remove", **parameters(pvc_name=constant("old"))),
    }
    images = {"make": "argostub/createpvc", "remove": "argostub/deletepvc"}
    executors = {name: {"container": {"image": image}} for name, image in images.items()}
    return compiled(tasks, {"make": made, "remove": removed}, executors)


def end_of(*faults):
    """How the run ends, the names of the claims that are left, and how many requests the operator sent."""
    play = Play(Scenario(1, {}, list(faults)))
    metadata = {"name": "run", "namespace": NAMESPACE}
    play.server.create(
        RUNS, NAMESPACE, {"apiVersion": "levada.dev/v1alpha1", "metadata": metadata, "spec": {"kfp": pipeline()}}
    )
    play.server.create(
        CLAIMS, NAMESPACE, {"metadata": {"name": "old", "annotations": {"levada.dev/run-uid": "earlier"}}, "spec": {}}
    )
    judged(play)
    status = play.server.get(RUNS, NAMESPACE, "run")["status"]
    return status, [item["metadata"]["name"] for item in play.server.list(CLAIMS)], play.trouble.count


def test_nothing_goes_wrong():
    status, claims, count = end_of()
    assert (status["phase"], status["counts"]["succeeded"]) == ("Succeeded", 4)
    assert [name[36:] for name in claims] == ["-kept"]
    assert count < MOST_REQUESTS


@pytest.mark.parametrize("kind", ANSWER_FAULTS)
def test_whatever_request_goes_wrong_the_end_is_the_same(kind):
    _, expected, _ = end_of()
    for number in range(1, MOST_REQUESTS):
        status, claims, _ = end_of(Fault(kind, number))
        assert status["phase"] == "Succeeded", (number, status)
        assert len(claims) == len(expected) == 1, number
        assert claims[0].endswith("-kept"), number
