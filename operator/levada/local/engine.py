"""Runs a graph on this machine: the planner decides, tasks are processes, everything is kept in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from levada.frontend.native import build_run
from levada.graph.model import Graph
from levada.local.approvals import Approvals
from levada.local.home import RunFolder, default_home, open_stores, writing
from levada.local.interrupts import Interrupts
from levada.local.journal import Journal
from levada.local.opening import Definition, Opened, open_run
from levada.local.processes import Processes
from levada.local.record import Record, counts_of, record_of, views_of
from levada.local.runners import Runner, find_runner
from levada.local.surroundings import look_at
from levada.local.tasks import STOP_GRACE, Tasks

__all__ = ["Definition", "Record", "Runner", "run_local"]

_SHOW_EVERY = 0.1
"""Seconds between two calls of the observer, at least."""


def run_local(
    definition: Definition,
    *,
    home: Path | None = None,
    parallelism: int | None = None,
    runner: Runner = "process",
    observer: Callable[[Record], None] = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> Record:
    """Run to the end, or go on with what an earlier engine left under that name; the final record.

    Call it from the main thread: it answers SIGINT, SIGTERM and SIGHUP while it works. A run that is over is not
    started again: its record is returned at once.

    Parameters
    ----------
    definition
        What to run.
    home
        The folder of state; by default `LEVADA_HOME`, else `.levada` in the working folder.
    parallelism
        Tasks at once; by default one for each core.
    runner
        What runs a task: a plain process of this machine, or its image.
    observer
        Called with the record, at the beginning, at most ten times a second while tasks change, and at the end. It may
        be slow; it must not keep the record beyond its call and change it.
    notice
        Called with a sentence for people: that images are not used, what of the run's `podTemplate` does not count
        here, that tasks are being stopped.

    Raises
    ------
    LocalError
        With its `exit_code`: the run is in use, differs, needs what is not here, or the folder cannot be written.
    InvalidSpecError
        The definition has mistakes after all.
    KeyboardInterrupt
        It was interrupted (by SIGTERM and SIGHUP too). All tasks have ended; the same name goes on later.
    """
    folder = RunFolder(home.absolute() if home else default_home(), definition.name)
    starts = find_runner(runner)
    graph, inputs = build_run(definition.run, definition.pipelines, definition.components)
    sentences = look_at(definition.run, graph, uses_images=starts.uses_images)
    with folder.held() as lock:
        with writing(folder.home):
            opened = open_run(folder, definition, graph, inputs, uses_images=starts.uses_images)
        if opened.recorded.end:
            rows = opened.recorded.rows
            views, counts = views_of(opened.head, rows), counts_of(opened.head, rows)
            final = record_of(opened.head, views, counts, opened.recorded.end, is_held=False)
            observer(final)
            return final
        starts.end_all(opened.head.uid)
        at_once = parallelism or os.cpu_count() or 1
        for sentence in sentences:
            notice(sentence)
        with (
            _attempts_file(folder) as attempts,
            Interrupts() as interrupts,
            closing(_journal(folder, opened)) as journal,
            closing(Processes(attempts, lock, at_once)) as processes,
            closing(_approvals(folder, graph)) as approvals,
        ):
            stores = cache(partial(open_stores, folder.home))
            at_work = Tasks(folder, opened, processes, journal, starts, interrupts, approvals, stores, at_once)
            return _follow(at_work, folder, interrupts, observer, notice)


def _follow(
    tasks: Tasks,
    folder: RunFolder,
    interrupts: Interrupts,
    observer: Callable[[Record], None],
    notice: Callable[[str], None],
) -> Record:
    """Let the tasks work until the run is over."""
    shown, show_at = -1, 0.0
    while True:
        with writing(folder.home):
            wake = tasks.advance()
        if tasks.is_over:
            break
        for question in tasks.questions():
            notice(question)
        begun = time.monotonic()
        if tasks.version != shown and begun >= show_at:
            shown = tasks.version
            observer(tasks.record())
            # A large record takes a while to make: at most a twentieth of the time goes there.
            show_at = time.monotonic() + max(_SHOW_EVERY, 20 * (time.monotonic() - begun))
        waits = [(wake - datetime.now(UTC)).total_seconds()] if wake else []
        waits += [show_at - time.monotonic()] if tasks.version != shown else []
        tasks.wait(max(0.0, min(waits)) if waits else None)
        if interrupts.count:
            _interrupt(tasks, folder, interrupts, notice)
            observer(tasks.record())
            raise KeyboardInterrupt
    final = tasks.record()
    observer(final)
    tasks.tidy()
    return final


def _interrupt(tasks: Tasks, folder: RunFolder, interrupts: Interrupts, notice: Callable[[str], None]) -> None:
    """End all tasks: politely after the first signal, at once after the second."""
    if tasks.running:
        notice(f"stopping {tasks.running} tasks; once more stops them at once")
    tasks.stop_all(STOP_GRACE)
    hurried = False
    while True:
        with writing(folder.home):
            if tasks.settle_at_once() if hurried else tasks.settle():
                return
        tasks.wait(None)
        if interrupts.count > 1 and not hurried:
            hurried = True
            tasks.stop_all(0.0)


@contextmanager
def _attempts_file(folder: RunFolder) -> Iterator[int]:
    """The file that the starter writes to; a line that a crash cut short is ended."""
    with writing(folder.home):
        torn = folder.attempts.exists() and folder.attempts.read_bytes()[-1:] not in (b"", b"\n")
        descriptor = os.open(folder.attempts, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if torn:
            os.write(descriptor, b"\n")
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _approvals(folder: RunFolder, graph: Graph) -> Approvals:
    with writing(folder.home):
        return Approvals(folder, graph)


def _journal(folder: RunFolder, opened: Opened) -> Journal:
    with writing(folder.home):
        return Journal(folder.journal, opened.recorded.length)
