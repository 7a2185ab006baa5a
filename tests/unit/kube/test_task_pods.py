"""How a Pod is stopped, and whose attempt it is."""

import msgspec
import pytest

from levada.kube import task_pods
from levada.kube.client import Api
from levada.planner.podview import PodView

PATH = "/api/v1/namespaces/a/pods/x"
RUNNING = {"containerStatuses": [{"name": "main", "state": {"running": {}}}]}
WAITING = {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "ErrImagePull"}}}]}


async def stop(api: Api, server, **content):
    pod = await server.put(PATH, **content)
    await task_pods.stop(api, msgspec.convert(pod, PodView), 30)
    return [request for request in server.requests if request[0] in ("PATCH", "DELETE")]


async def test_a_pod_that_runs_gets_a_deadline_so_that_its_agent_reports_and_its_log_stays(api, server):
    assert [method for method, _ in await stop(api, server, spec={}, status=RUNNING)] == ["PATCH"]
    assert server.objects[PATH]["spec"]["activeDeadlineSeconds"] == 1


@pytest.mark.parametrize("status", [WAITING, {}])
async def test_a_pod_that_never_started_is_deleted(api, server, status):
    assert [method for method, _ in await stop(api, server, spec={}, status=status)] == ["DELETE"]
    assert PATH not in server.objects


async def test_a_pod_that_is_being_stopped_is_left_to_it(api, server):
    assert await stop(api, server, spec={"activeDeadlineSeconds": 1}, status=RUNNING) == []


@pytest.mark.parametrize("said", ["first", "", "-3", "1.5", "9" * 5000, "\u0663"])
def test_an_attempt_that_makes_no_sense_is_none(said):
    metadata = {"name": "x", "namespace": "a", "uid": "u"}
    metadata["annotations"] = {"levada.dev/task": "t", "levada.dev/attempt": said}
    assert task_pods.attempt_of(msgspec.convert({"metadata": metadata}, PodView)) == ("t", -1)
