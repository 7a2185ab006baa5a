"""Pods are let go a few at a time, each once, and again where it failed."""

import asyncio

import msgspec
import pytest

from levada.kube import letting_go, task_pods
from levada.kube.errors import ApiUnreachableError
from levada.kube.letting_go import ABREAST, LettingGo
from levada.planner.names import ATTEMPT_ANNOTATION, RESULT_FINALIZER, TASK_ANNOTATION
from levada.planner.podview import PodView


class Recorded:
    """A run of which the status says all, or nothing."""

    is_final = False

    def __init__(self, *, says_all=True):
        self.says_all = says_all

    def is_recorded(self, path, attempt):
        return self.says_all


class Attempts(dict):
    """Every Pod is an attempt that is known."""

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return name, 0


@pytest.fixture
def released(monkeypatch):
    """The names of those that were let go, and how many were under way at most; it fails as often as it is told."""

    class Released:
        under_way = most = failures = 0

        def __init__(self):
            self.names = []

        async def __call__(self, api, pod, pods):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(0)
            self.under_way -= 1
            if self.failures:
                self.failures -= 1
                raise ApiUnreachableError("away")
            self.names.append(pod.metadata.name)
            pods[pod.metadata.name] = task_pods.without_hold(pod)

    found = Released()
    monkeypatch.setattr(letting_go.task_pods, "release", found)
    return found


def ended(count):
    """Pods that have ended, by name."""
    metadata = {"namespace": "a", "uid": "u", "resourceVersion": "1", "finalizers": [RESULT_FINALIZER]}
    metadata["annotations"] = {TASK_ANNOTATION: "t", ATTEMPT_ANNOTATION: "0"}
    names = [f"p{number}" for number in range(count)]
    body = {"spec": {"nodeName": "n"}, "status": {"phase": "Succeeded"}}
    bodies = [body | {"metadata": metadata | {"name": name}} for name in names]
    return dict(zip(names, msgspec.convert(bodies, list[PodView]), strict=True))


async def until_at_rest(letting):
    while letting._under_way and not letting._under_way.done():
        await letting._under_way


async def test_each_once_and_a_few_at_a_time(released):
    pods, letting = ended(20), LettingGo(Recorded(), None, Attempts())
    assert await letting.go_on(pods, set(pods))
    assert await letting.go_on(pods, set(pods))  # seen once more while it is under way
    await until_at_rest(letting)
    assert sorted(released.names) == sorted(pods)
    assert released.most == ABREAST
    assert await letting.go_on(pods, set(pods)) == []


async def test_not_before_it_is_recorded(released):
    run = Recorded(says_all=False)
    pods, letting = ended(3), LettingGo(run, None, Attempts())
    assert await letting.go_on(pods, set(pods)) == []
    run.says_all = True
    await letting.go_on(pods, set())
    await until_at_rest(letting)
    assert sorted(released.names) == sorted(pods)


async def test_what_failed_is_tried_again(released):
    pods, letting = ended(10), LettingGo(Recorded(), None, Attempts())
    released.failures = 1
    await letting.go_on(pods, set(pods))
    await until_at_rest(letting)
    assert len(released.names) < len(pods)
    await letting.go_on(pods, set())
    await until_at_rest(letting)
    assert set(released.names) == set(pods)


async def test_the_end_of_a_run_waits_until_all_have_gone(released):
    run = Recorded()
    pods, letting = ended(10), LettingGo(run, None, Attempts())
    run.is_final = True
    await letting.go_on(pods, set(pods))
    assert sorted(released.names) == sorted(pods)
