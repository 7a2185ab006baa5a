"""`python3 -m levada.agent`: one life of the agent, from its assignment to its report.

The main thread only waits: for the work, which runs in a thread of its own, or for SIGTERM, whichever is first. So a
signal is answered at once, whatever a request to the store is doing.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from levada.agent import work
from levada.agent.log import say
from levada.agent.settings import Settings
from levada.planner.handoff import AgentError, Report, encode_report
from levada.planner.locations import namespace_of
from levada.store.config import from_folder
from levada.store.errors import AgentFailedError, DiskFullError, StoppedError, StoreError
from levada.store.stores import PATIENCE, Stores

if TYPE_CHECKING:
    from collections.abc import Callable

    from levada.store.outputs import Homes

Result = TypeVar("Result")
_LAST_WORDS = 15.0
"""Seconds that are kept for saying that the store did not answer."""


def main() -> int:
    """Do the work of one attempt; 0 when its outputs are stored."""
    settings = Settings.from_environment(os.environ)
    try:
        report = _live(settings)
    except StoreError as error:
        report = Report(error=AgentError(error.reason, error.message))
    settings.termination_log.write_bytes(encode_report(report))  # In place: it is a bind mount.
    if report.error:
        say(f"{report.error.reason}: {report.error.message}")
    return 1 if report.error else 0


def _live(settings: Settings) -> Report:
    mailbox: SimpleQueue[object] = SimpleQueue()
    stop = object()
    signal.signal(signal.SIGTERM, lambda *_: mailbox.put(stop))
    settings.ready_file.unlink(missing_ok=True)  # Of an earlier container of this Pod.
    assignment = settings.read_assignment()
    config = from_folder(settings.store_folder)
    stores = Stores(config, ambient=True, home=namespace_of(config.url, assignment.root))

    homes: Homes = {}
    _start(lambda: homes.update(work.before(stores, assignment)), mailbox)
    if (answer := mailbox.get()) is stop:
        raise StoppedError("the agent was stopped while it staged the inputs")
    _raise_error(answer)
    settings.ready_file.parent.mkdir(parents=True, exist_ok=True)
    settings.ready_file.touch()
    say("ready: the main container may start")

    mailbox.get()
    say("the main container ended")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # From here only the kubelet's SIGKILL ends us.
    # What was made may have taken hours: a store that is away is waited for nearly as long as the kubelet waits for us.
    patient = Stores(config, ambient=True, patience=max(assignment.grace - _LAST_WORDS, PATIENCE))
    return _translated(lambda: work.after(patient, assignment, homes))


def _start(act: Callable[[], None], mailbox: SimpleQueue[object]) -> None:
    """Run `act` in a thread; its error, or None, goes into the mailbox."""

    def run() -> None:
        try:
            _translated(act)
        except StoreError as error:
            mailbox.put(error)
        else:
            mailbox.put(None)

    # A daemon: the process must not wait for it when it is told to stop.
    threading.Thread(target=run, daemon=True).start()


def _translated(act: Callable[[], Result]) -> Result:
    """`act()`, with whatever else goes wrong in it as the agent's own failure."""
    try:
        return act()
    except StoreError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError(f"the node's disk is full: {error}") from error
        raise AgentFailedError(str(error)) from error
    except Exception as error:
        raise AgentFailedError(f"{type(error).__name__}: {error}") from error


def _raise_error(answer: object) -> None:
    if isinstance(answer, StoreError):
        raise answer


if __name__ == "__main__":
    sys.exit(main())
