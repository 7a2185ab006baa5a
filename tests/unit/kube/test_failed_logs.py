"""Logs of failed attempts are kept a few at a time, and one that cannot be kept stops none of the others."""

import asyncio
from types import SimpleNamespace

import pytest

from levada.kube.errors import ApiUnreachableError
from levada.kube.failed_logs import ABREAST, FailedLogs
from levada.planner.podview import ContainerState, ContainerStatus, Metadata, PodStatus, PodView, Terminated


class Store:
    """Keeps the names of the Pods whose logs came, and how many were under way at most."""

    under_way = most = 0

    def __init__(self):
        self.kept = []

    async def keep_log(self, run, pod, path, attempt):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if pod == "p3":
            raise ApiUnreachableError("no answer")
        self.kept.append((pod, path, attempt))


def failed(number, code=1):
    ended = ContainerStatus("main", ContainerState(terminated=Terminated(code)))
    return PodView(Metadata(f"p{number}", "ns", str(number)), status=PodStatus(container_statuses=[ended]))


def leaf(number, log_tail=True):
    return SimpleNamespace(path=f"t[{number}]", component=SimpleNamespace(log_tail=log_tail))


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def logs(store):
    return FailedLogs(store, None)


async def test_hundreds_of_logs_are_kept_a_few_at_a_time(logs, store):
    for number in range(300):
        logs.note(failed(number), leaf(number), 0)
    await logs.keep()
    assert store.most == ABREAST
    assert sorted(store.kept) == sorted((f"p{n}", f"t[{n}]", 0) for n in range(300) if n != 3)


async def test_only_logs_of_failures_that_want_it_are_kept_and_once(logs, store):
    logs.note(failed(1, code=0), leaf(1), 0)
    logs.note(failed(2), leaf(2, log_tail=False), 0)
    logs.note(failed(4), leaf(4), 1)
    await logs.keep()
    await logs.keep()
    assert store.kept == [("p4", "t[4]", 1)]
