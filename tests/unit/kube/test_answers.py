"""The lookups of the operator's runs: two runs of a namespace that want the same do it once."""

import asyncio
from dataclasses import replace
from unittest.mock import AsyncMock

import pytest

from levada.graph.model import Component, External, Input, Output, Task
from levada.graph.policies import Cache
from levada.kube import run_store
from levada.kube.answers import GIVES_UP, Answers, Tower
from levada.kube.run_store import RunFinder, RunStore
from levada.planner.attempt import Failure, Success
from levada.planner.nodes import Phase
from levada.planner.run import Run
from levada.store.config import from_mapping
from levada.store.objects import put_bytes
from levada.store.stores import Stores
from unit.planner.graphs import graph, task
from unit.planner.pods import NOW
from unit.store.s3_stub import answering, config_at, error


@pytest.fixture
def store(tmp_path):
    """The settings of a folder."""
    return from_mapping({"url": tmp_path.as_uri()})


class Operator:
    """Runs of one task `a` that may come from the cache."""

    def __init__(self, store):
        self.store = store
        self.woken = []
        self.tower = Tower(lambda namespace, run: self.woken.append((namespace, run)))

    def run(self, name, *, namespace="team", policy=None):
        shape = graph(replace(task("a"), cache=policy or Cache()))
        return self.answers(shape, name, namespace)

    def answers(self, shape, name, namespace="team"):
        return Answers(Run(shape, {}), RunFinder(RunStore(None, namespace, self.store), name), self.tower)


def starts(answers, now=NOW):
    asyncio.run(answers.ask(now))
    return [start.leaf.path for start in answers.run.plan(now).starts]


def leaf(answers):
    return answers.run.leaves["a"]


def test_the_second_of_two_runs_waits_for_the_first_and_takes_its_results(store):
    operator = Operator(store)
    first, second = operator.run("one"), operator.run("two")
    assert (starts(first), starts(second)) == (["a"], [])
    assert (leaf(second).reason, leaf(second).message) == ("WaitingForSameWork", "a of one does the same work")
    first.run.observe("a", 0, Success({"n": 7}), NOW)
    starts(first)
    assert operator.woken == [("team", "two")]
    assert starts(second) == []
    assert (leaf(second).phase, leaf(second).outputs) == (Phase.CACHED, {"n": 7})


def test_when_the_first_fails_or_is_gone_the_second_does_it(store):
    operator = Operator(store)
    first, second, third = (operator.run(name) for name in ("one", "two", "three"))
    starts(first), starts(second), starts(third)
    first.run.observe("a", 0, Failure("Error", "broke", 1), NOW)
    starts(first)
    assert (starts(second), starts(third)) == (["a"], [])
    second.leave()
    assert starts(third) == ["a"]


def test_a_suspended_run_keeps_no_other_from_its_work_and_asks_again_when_it_goes_on(store):
    operator = Operator(store)
    first, second = operator.run("one"), operator.run("two")
    asyncio.run(first.ask(NOW))
    assert starts(second) == []
    first.run.steer(NOW, suspend=True, cancel=False)
    assert starts(first) == []
    assert operator.woken == [("team", "two")]
    assert starts(second) == ["a"]
    second.run.observe("a", 0, Success({"n": 7}), NOW)
    starts(second)
    first.run.steer(NOW, suspend=False, cancel=False)
    assert starts(first) == []
    assert (leaf(first).phase, leaf(first).outputs) == (Phase.CACHED, {"n": 7})


@pytest.mark.parametrize(
    "other", [{"namespace": "other"}, {"policy": Cache(single_flight=False)}, {"policy": Cache(salt="2")}]
)
def test_another_namespace_another_salt_and_who_does_not_care_do_not_wait(store, other):
    operator = Operator(store)
    assert starts(operator.run("one")) == ["a"]
    assert starts(operator.run("two", **other)) == ["a"]


def test_who_takes_results_lets_the_others_take_them_too(store):
    operator = Operator(store)
    first = operator.run("one")
    starts(first)
    first.run.observe("a", 0, Success({"n": 7}), NOW)
    starts(first)
    for name in ("two", "three"):
        later = operator.run(name)
        assert starts(later) == []
        assert leaf(later).phase is Phase.CACHED


def test_nothing_is_kept_of_a_task_whose_external_data_changed_under_it(store):
    uri = f"{store.url}/shared"
    put_bytes(Stores(store), uri, b"1")
    reader = Component({"data": Input("data", "Dataset", False)}, {"n": Output("n", "Integer", True)}, "image")
    shape = graph(Task("a", reader, {"data": External(uri)}, cache=Cache()))
    operator = Operator(store)
    first = operator.answers(shape, "one")
    starts(first)
    put_bytes(Stores(store), uri, b"22")
    first.run.observe("a", 0, Success({"n": 7}), NOW)
    starts(first)
    assert starts(operator.answers(shape, "two")) == ["a"]


def test_without_a_store_nothing_is_cached_and_the_task_runs():
    answers = Operator(None).run("one")
    assert starts(answers) == ["a"]
    assert leaf(answers).miss == "Disabled"
    answers.run.observe("a", 0, Success({"n": 7}), NOW)
    assert starts(answers) == []


def test_a_task_that_turns_the_cache_off_says_so_and_leaves_nothing(store):
    operator = Operator(store)
    for name in ("one", "two"):
        answers = operator.run(name, policy=Cache(is_disabled=True))
        assert (starts(answers), leaf(answers).miss) == (["a"], "Disabled")
        answers.run.observe("a", 0, Success({"n": 7}), NOW)
        starts(answers)
    after = operator.run("three")
    assert (starts(after), leaf(after).miss) == (["a"], "NoEntry")


def test_a_store_that_denies_is_not_waited_for(monkeypatch):
    with answering(403, error("AccessDenied")) as endpoint:
        config = config_at(endpoint)
        monkeypatch.setattr(run_store, "read_store", AsyncMock(return_value=config))
        answers = Operator(config).run("one")
        assert (starts(answers), leaf(answers).miss) == (["a"], "Unverifiable")


def test_a_store_that_does_not_answer_is_waited_for_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(run_store, "_PATIENCE", 0.5)
    with answering(503, error("SlowDown")) as endpoint:
        answers = Operator(config_at(endpoint)).run("one")
        assert starts(answers) == []
        assert leaf(answers).reason == "StoreUnavailable"
        assert starts(answers, NOW + GIVES_UP) == ["a"]
        assert leaf(answers).miss == "Unverifiable"
