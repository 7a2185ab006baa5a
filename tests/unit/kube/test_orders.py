"""The operator makes and removes claims, each once."""

from datetime import timedelta

import pytest

from levada.kube.orders import Orders
from levada.planner import reasons
from levada.planner.nodes import Phase
from levada.planner.pod import RunIdentity
from levada.planner.run import Run
from unit.kube.fake_apiserver import refusal
from unit.planner.claims import claim_graph
from unit.planner.pods import NOW

CLAIMS = "/api/v1/namespaces/a/persistentvolumeclaims"
DATA = f"{CLAIMS}/data"
BY_A_RUN = {"annotations": {"levada.dev/run-uid": "another", "levada.dev/task": "t"}}
WANTED = {"pvc_name": "data", "access_modes": ["ReadWriteOnce"], "size": "1Gi"}


def orders_of(api, deed="create", **given):
    run = Run(claim_graph(deed, **(WANTED | given)), {})
    return Orders(run, api, RunIdentity("flowers", "a", "uid", "", None), timedelta(minutes=5))


async def start(orders, now=NOW):
    """The task, after what the planner wants was tried."""
    for wanted in orders.run.plan(now).starts:
        await orders.start(wanted.leaf, now)
    return orders.run.leaves["t"]


async def test_a_claim_is_created_and_its_name_is_the_output(api, server):
    task = await start(orders_of(api))
    assert (task.phase, task.outputs) == (Phase.SUCCEEDED, {"name": "data"})
    metadata = server.objects[DATA]["metadata"]
    assert metadata["labels"] == {"levada.dev/run": "flowers"}
    assert "ownerReferences" not in metadata  # it outlives the run


async def test_a_claim_that_the_run_made_before_a_restart_is_taken_as_made(api, server):
    await start(orders_of(api))
    assert (await start(orders_of(api))).phase is Phase.SUCCEEDED
    assert list(server.objects) == [DATA]


@pytest.mark.parametrize("annotations", [{}, {"levada.dev/run-uid": "other", "levada.dev/task": "t"}])
async def test_anothers_claim_of_that_name_is_not_taken(api, server, annotations):
    await server.put(DATA, metadata={"annotations": annotations})
    task = await start(orders_of(api))
    assert (task.phase, task.reason) == (Phase.FAILED, "NameTaken")


async def test_a_quota_that_is_used_up_is_waited_for(api, server):
    server.fail("POST", CLAIMS, refusal(403, "Forbidden", "exceeded quota: storage"), times=1)
    orders = orders_of(api)
    task = await start(orders)
    assert (task.phase, task.reason) == (Phase.PENDING, "QuotaExceeded")
    assert (await start(orders, NOW + timedelta(seconds=40))).phase is Phase.SUCCEEDED
    assert task.attempt == 0


async def test_a_quota_that_stays_used_up_fails_the_task_in_the_end(api, server):
    server.fail("POST", CLAIMS, refusal(403, "Forbidden", "exceeded quota: storage"), times=9)
    orders = orders_of(api)
    await start(orders)
    task = await start(orders, NOW + timedelta(minutes=6))
    assert (task.phase, task.reason) == (Phase.FAILED, "PendingTimeout")
    assert "exceeded quota" in task.message


async def test_a_claim_that_the_api_server_cannot_take_fails_with_its_words(api, server):
    server.fail("POST", CLAIMS, refusal(422, "Invalid", "spec.accessModes: Required value"), times=1)
    task = await start(orders_of(api))
    assert (task.phase, task.reason) == (Phase.FAILED, "InvalidClaim")
    assert "PersistentVolumeClaim: spec.accessModes" in task.message


async def test_a_claim_to_remove_that_is_not_there_is_a_failure(api, server):
    task = await start(orders_of(api, "delete"))
    assert (task.phase, task.reason) == (Phase.FAILED, "ClaimMissing")
    assert [method for method, _ in server.requests] == ["GET"]


async def test_a_claim_is_removed_once_it_is_recorded_that_it_was_there(api, server):
    await server.put(DATA, metadata=BY_A_RUN)
    orders = orders_of(api, "delete")
    task = await start(orders)
    await orders.go_on(NOW)
    assert DATA in server.objects
    orders.run.mark_recorded(orders.run.version)
    await orders.go_on(NOW)
    assert task.phase is Phase.SUCCEEDED
    assert DATA not in server.objects


async def test_a_removal_of_which_nobody_heard_before_a_restart_has_succeeded(api, server):
    await server.put(DATA, metadata=BY_A_RUN)
    orders = orders_of(api, "delete")
    task = await start(orders)
    await server.remove(DATA)
    orders.run.mark_recorded(orders.run.version)
    await orders.go_on(NOW)
    assert task.phase is Phase.SUCCEEDED


async def test_a_removal_that_is_refused_is_tried_again_until_its_time_is_over(api, server):
    await server.put(DATA, metadata=BY_A_RUN)
    server.fail("DELETE", CLAIMS, refusal(403, "Forbidden", "not today"), times=2)
    orders = orders_of(api, "delete")
    task = await start(orders)
    orders.run.mark_recorded(orders.run.version)
    await orders.go_on(NOW)
    assert task.phase is Phase.RUNNING
    await orders.go_on(NOW + timedelta(minutes=6))
    assert (task.phase, task.reason) == (Phase.FAILED, "AdmissionDenied")


async def test_a_removal_in_a_run_that_is_cancelled_does_not_happen(api, server):
    await server.put(DATA, metadata=BY_A_RUN)
    orders = orders_of(api, "delete")
    task = await start(orders)
    orders.run.mark_recorded(orders.run.version)
    orders.run.steer(NOW, suspend=False, cancel=True)
    await orders.go_on(NOW)
    for leaf in orders.run.plan(NOW).stops:
        orders.stop(leaf, NOW)
    assert task.phase is Phase.CANCELLED
    assert DATA in server.objects


async def test_a_claim_that_no_run_has_made_is_not_removed(api, server):
    await server.put(DATA)
    orders = orders_of(api, "delete")
    task = await start(orders)
    assert (task.phase, task.reason) == (Phase.FAILED, reasons.NAME_NOT_ALLOWED)
    assert "was not made by a run" in task.message
    assert DATA in server.objects
