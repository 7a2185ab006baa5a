"""Threads for what takes time: moving data. They never keep the program from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

Job = Callable[[], Any]
Done = Callable[[Any, BaseException | None], None]


class Workers:
    """A few threads; `wake` is called from any of them when there is an answer to `deliver`."""

    def __init__(self, count: int, wake: Callable[[], None]) -> None:
        self._count = count
        self._wake = wake
        self._threads: list[threading.Thread] = []
        self._jobs: SimpleQueue[tuple[Job, Done]] = SimpleQueue()
        self._answers: SimpleQueue[tuple[Done, Any, BaseException | None]] = SimpleQueue()
        self.under_way = 0

    def submit(self, job: Job, done: Done) -> None:
        """Run `job` in a thread; its result or error goes to `done`, when the caller asks for it by `deliver`."""
        self.under_way += 1
        self._jobs.put((job, done))
        if len(self._threads) < min(self._count, self.under_way):
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def deliver(self) -> None:
        """Hand over every answer there is."""
        while not self._answers.empty():
            done, result, error = self._answers.get()
            self.under_way -= 1
            done(result, error)

    def _work(self) -> None:
        while True:
            job, done = self._jobs.get()
            try:
                answer: tuple[Done, Any, BaseException | None] = (done, job(), None)
            except BaseException as error:  # noqa: BLE001  # it is raised where the answer is delivered
                answer = (done, None, error)
            self._answers.put(answer)
            self._wake()
