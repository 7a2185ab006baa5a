"""`levada logs RUN TASK` in a cluster, of tasks that have no log."""

import pytest

from levada.cli.cluster_logs import task_log
from levada.cli.exits import CommandError, Exit
from levada.cli.failures import explain
from levada.cli.run_record import read_run
from levada.kube.kept import UnreadableError
from levada.planner.encoding import Row, encode_rows, readable
from levada.planner.nodes import Phase

RUN = "/apis/levada.dev/v1alpha1/namespaces/research/pipelineruns/r"
ROWS = [
    Row("sweep", Phase.RUNNING, is_group=True),
    Row("sweep[0]", Phase.RUNNING, pod="r-sweep-0"),
    Row("off", Phase.SKIPPED, reason="ConditionFalse", message="1 > 2"),
]


async def refused(server, api, task, *, follow, listed=True):
    tasks = [*map(readable, ROWS), {"path": "later", "phase": "Pending"}]
    status = {
        "phase": "Running",
        "counts": {"total": 3 if listed else 300},
        "tasks": tasks if listed else [],
        "taskStates": encode_rows(ROWS),
    }
    await server.put(RUN, status=status)
    with pytest.raises(CommandError) as refusal:
        [_ async for _ in task_log(api, "research", "r", task, follow=follow)]
    return str(refusal.value)


@pytest.mark.parametrize("listed", [True, False], ids=["small", "large"])
@pytest.mark.parametrize("follow", [False, True])
async def test_of_a_group_it_is_said_which_of_its_tasks_have_one_and_nothing_is_waited_for(server, api, follow, listed):
    said = await refused(server, api, "sweep", follow=follow, listed=listed)
    assert "sweep: it is a loop, for which nothing runs itself; these of its tasks have one: sweep[0]" in said


async def test_of_a_skipped_task_it_is_said_why(server, api):
    assert "it was skipped (ConditionFalse: 1 > 2)" in await refused(server, api, "off", follow=False)
    assert "later: it has not started" in await refused(server, api, "later", follow=False)


async def test_a_task_that_a_run_with_groups_has_not_is_refused(server, api):
    assert "the run 'r' has no task 'of'; it has later, off, sweep, sweep[0]" in await refused(
        server, api, "of", follow=True
    )


async def test_a_run_whose_record_is_garbled_is_told_in_a_sentence(server, api):
    await server.put(RUN, status={"phase": "Running", "taskStates": "no base64"})
    with pytest.raises(UnreadableError) as unreadable:
        await read_run(api, "research", "r")
    told = explain(unreadable.value)
    assert told.code == Exit.INVALID
    assert "(taskStates) cannot be read: it was changed by hand" in str(told)
