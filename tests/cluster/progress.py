"""Progress lines with elapsed time: a person sees what is slow, and CI's log keeps it."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STARTED = time.monotonic()
_EVERY = 15.0


class ClusterError(Exception):
    """Something a person can act on: printed without a traceback."""


def say(text: str) -> None:
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


@contextmanager
def phase(name: str, detail: Callable[[], str] = lambda: "") -> Iterator[None]:
    """Announce a phase, repeat a sign of life every few seconds, and say how long it took."""
    say(f"{name} ...")
    begin = time.monotonic()
    done = threading.Event()

    def tick() -> None:
        while not done.wait(_EVERY):
            more = detail()
            say(f"{name}: {time.monotonic() - begin:.0f} s so far{', ' + more if more else ''}")

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
    say(f"{name}: done in {time.monotonic() - begin:.1f} s")


def until(ready: Callable[[], bool], what: str, timeout: float, every: float = 0.1) -> None:
    """Poll until `ready`; an OSError from it, or a program that fails, counts as 'not yet'."""
    deadline = time.monotonic() + timeout
    last: object = ""
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except (OSError, ClusterError) as error:
            last = error
        time.sleep(every)
    raise ClusterError(f"{what} did not come within {timeout:.0f} s. {last}".rstrip())
