"""A store that hangs keeps threads, and never those that the operator itself needs."""

import asyncio
import threading
import time

import pytest

from levada.kube.credentials import _TOKEN_LIFE, _Token
from levada.kube.store_threads import MOST, in_store_thread


@pytest.fixture
def hung():
    """A store's answer, which comes when the test is over."""
    answer = threading.Event()
    yield answer.wait
    answer.set()


async def test_the_service_accounts_token_is_read_while_every_store_hangs(hung, tmp_path):
    (tmp_path / "token").write_text("new")
    token = _Token(tmp_path / "token")
    token._at = time.monotonic() - 2 * _TOKEN_LIFE
    asking = [asyncio.create_task(in_store_thread(hung)) for _ in range(2 * MOST)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(token.authorization(), 5) == "Bearer new"
    assert not any(each.done() for each in asking)
    for each in asking:
        each.cancel()


async def test_what_is_found_or_raised_comes_back():
    assert await in_store_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_store_thread(divmod, 7, 0)
