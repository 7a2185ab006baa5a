"""What one step of a run does side by side."""

import asyncio

import pytest

from levada.kube.active_run import _all


async def test_nothing_is_left_under_way_when_one_of_them_fails():
    ended = []

    async def fail():
        raise ValueError("stale")

    async def last():
        await asyncio.sleep(0)
        ended.append("last")

    with pytest.raises(ValueError, match="stale"):
        await _all(fail(), last())
    assert ended == ["last"]


async def test_the_seconds_that_they_return():
    async def wait(seconds):
        return seconds

    assert await _all(wait(0.5), wait(None), wait(0), wait(0.0)) == [0.5, 0, 0.0]
