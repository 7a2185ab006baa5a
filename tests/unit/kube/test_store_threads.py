"""A store that hangs keeps threads, and never those that the operator itself needs."""

import asyncio
import threading
import time
from contextlib import contextmanager

import pytest

from levada.kube.credentials import _TOKEN_LIFE, _Token
from levada.kube.store_threads import MOST, in_store_thread


@contextmanager
def every_store_hanging():
    answer = threading.Event()
    asking = [asyncio.ensure_future(in_store_thread(answer.wait)) for _ in range(2 * MOST)]
    try:
        yield asking
    finally:
        answer.set()


async def test_the_service_accounts_token_is_read_while_every_store_hangs(tmp_path):
    (tmp_path / "token").write_text("new")
    token = _Token(tmp_path / "token")
    token._at = time.monotonic() - 2 * _TOKEN_LIFE
    with every_store_hanging() as asking:
        await asyncio.sleep(0)
        assert await asyncio.wait_for(token.authorization(), 5) == "Bearer new"
        assert not any(each.done() for each in asking)
    assert await asyncio.gather(*asking) == [True] * len(asking)


async def test_what_is_found_or_raised_comes_back():
    assert await in_store_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_store_thread(divmod, 7, 0)
