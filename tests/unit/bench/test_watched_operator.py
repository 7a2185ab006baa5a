"""The operator as the benchmarks start it."""

import asyncio

import pytest

from bench import watched_operator
from levada.handlers import operator
from levada.kube import credentials


@pytest.fixture
def at_rest(monkeypatch):
    """An operator that has nothing to do, and what else was on its loop."""
    others = []

    async def rest():
        others.extend(asyncio.all_tasks() - {asyncio.current_task()})

    monkeypatch.setattr(operator, "run", rest)
    monkeypatch.setattr(credentials, "SERVICE_ACCOUNT", None)
    monkeypatch.setattr(watched_operator, "main", lambda: asyncio.run(operator.run()))
    return others


def test_a_beat_listens_to_the_operator(at_rest, capsys):
    watched_operator.start("identity")
    assert len(at_rest) == 1
    assert '"stalls": 0' in capsys.readouterr().out


def test_a_quiet_operator_is_alone_on_its_loop(at_rest, capsys):
    watched_operator.start("identity", "--quiet")
    assert at_rest == []
    assert capsys.readouterr().out == ""
