"""The queue: once at a time, once more if it changed, later if it failed."""

import asyncio

import pytest

from levada.kube.errors import ApiUnreachableError
from levada.kube.queue import KeyedQueue


class Work:
    """Work that is held until the test lets it go on."""

    def __init__(self):
        self.began = asyncio.Queue()
        self.go_on = asyncio.Queue()
        self.running = []
        self.most = 0

    async def __call__(self, key):
        self.running.append(key)
        assert len(set(self.running)) == len(self.running), "one key on two workers"
        self.most = max(self.most, len(self.running))
        self.began.put_nowait(key)
        try:
            result = await self.go_on.get()
        finally:
            self.running.remove(key)
        if isinstance(result, Exception):
            raise result
        return result

    async def next(self):
        async with asyncio.timeout(5):
            return await self.began.get()


@pytest.fixture
async def started():
    tasks = []

    def start(work, **options):
        queue = KeyedQueue(work, **options)
        tasks.append(asyncio.create_task(queue.run()))
        queue.task = tasks[-1]
        return queue

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def settle():
    """Let everything that can run now run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_waiting_key_waits_once(started):
    work = Work()
    queue = started(work, workers=1)
    queue.add("first")
    assert await work.next() == "first"
    for _ in range(3):
        queue.add("again")
    assert queue.depth() == 1
    work.go_on.put_nowait(None)
    assert await work.next() == "again"
    work.go_on.put_nowait(None)
    await settle()
    assert work.began.empty()


async def test_a_running_key_runs_once_more_after_that_and_never_twice_at_once(started):
    work = Work()
    queue = started(work, workers=4)
    queue.add("a")
    await work.next()
    for _ in range(3):
        queue.add("a")
    await settle()
    assert work.running == ["a"]
    work.go_on.put_nowait(None)
    assert await work.next() == "a"
    work.go_on.put_nowait(None)
    await settle()
    assert work.began.empty()


async def test_keys_run_side_by_side_up_to_the_number_of_workers_and_in_order(started):
    work = Work()
    queue = started(work, workers=3)
    for key in "abcde":
        queue.add(key)
    await settle()
    assert work.running == ["a", "b", "c"]
    for _ in "abcde":
        work.go_on.put_nowait(None)
    await settle()
    assert [work.began.get_nowait() for _ in "abcde"] == list("abcde")
    assert work.most == 3


async def test_a_failure_is_told_and_tried_again_later_and_later(started, caplog):
    failures = asyncio.Queue()
    work = Work()
    delays = []
    queue = started(work, on_failure=lambda *failure: failures.put(failure), first=0.01, cap=0.04)
    add_after = queue.add_after
    queue.add_after = lambda key, seconds: (delays.append(seconds), add_after(key, seconds))
    queue.add("a")
    for number in range(1, 6):
        await work.next()
        work.go_on.put_nowait(error := ValueError(f"number {number}"))
        assert await failures.get() == ("a", error, number)
    assert "ValueError: number 1" in caplog.text
    for delay, most in zip(delays, (0.01, 0.02, 0.04, 0.04, 0.04), strict=True):
        assert 0.75 * most <= delay <= most
    await work.next()
    work.go_on.put_nowait(None)
    await settle()
    queue.add("a")
    await work.next()
    work.go_on.put_nowait(error := ValueError("after a success"))
    assert await failures.get() == ("a", error, 1)


async def test_one_that_fails_does_not_stop_the_others(started):
    work = Work()

    async def fails(*_):
        raise ZeroDivisionError

    queue = started(work, workers=1, on_failure=fails)
    queue.add("bad")
    queue.add("good")
    assert await work.next() == "bad"
    work.go_on.put_nowait(ValueError())
    assert await work.next() == "good"


async def test_trouble_that_passes_is_logged_without_a_stack(started, caplog):
    work = Work()
    queue = started(work)
    queue.add("a")
    await work.next()
    work.go_on.put_nowait(ApiUnreachableError("no answer"))
    await settle()
    assert "a has to wait: no answer" in caplog.text
    assert "Traceback" not in caplog.text


async def test_work_may_ask_to_be_called_again(started):
    work = Work()
    queue = started(work)
    queue.add("a")
    await work.next()
    work.go_on.put_nowait(0.01)
    assert await work.next() == "a"


async def test_of_several_delays_the_earliest_holds(started):
    work = Work()
    queue = started(work)
    loop = asyncio.get_running_loop()
    began = loop.time()
    queue.add_after("a", 60)
    queue.add_after("a", 0.05)
    queue.add_after("a", 30)
    assert await work.next() == "a"
    assert 0.05 <= loop.time() - began < 5
    work.go_on.put_nowait(None)
    await settle()
    assert work.began.empty()


async def test_the_oldest_key_has_an_age(started):
    work = Work()
    queue = started(work, workers=1)
    assert queue.oldest() == 0
    queue.add("running")
    await work.next()
    queue.add("waiting")
    await asyncio.sleep(0.02)
    assert queue.oldest() >= 0.02


async def test_stop_ends_what_is_under_way_and_forgets_the_rest(started):
    work = Work()
    queue = started(work, workers=1)
    queue.add("running")
    await work.next()
    queue.add("running")
    queue.add("waiting")
    queue.add_after("later", 0.01)
    queue.stop()
    queue.add("too late")
    assert not queue.task.done()
    work.go_on.put_nowait(5.0)
    async with asyncio.timeout(5):
        await queue.task
    assert work.began.empty()
    assert queue.depth() == 0


async def test_the_backlog_waits_for_what_happens_but_one_worker_sees_to_it_first(started):
    work = Work()
    queue = started(work, workers=2)
    for key in ("old 1", "old 2", "old 3"):
        queue.add_backlog(key)
    for key in ("new 1", "new 2"):
        queue.add(key)
    await settle()
    assert set(work.running) == {"old 1", "new 1"}
    work.go_on.put_nowait(None)
    await settle()
    assert set(work.running) == {"old 2", "new 1"}


async def test_a_key_of_the_backlog_that_changes_waits_no_longer_and_runs_once(started):
    work = Work()
    queue = started(work, workers=1)
    for key in ("old 1", "old 2", "old 3"):
        queue.add_backlog(key)
    queue.add("old 3")
    queue.add_backlog("old 3")
    assert queue.depth() == 3
    for _ in range(3):
        await work.next()
        work.go_on.put_nowait(None)
    await settle()
    assert work.began.empty()
