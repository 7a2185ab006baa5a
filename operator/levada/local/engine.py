"""Runs a graph on this machine: the planner decides, tasks are processes, everything is kept in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Record = dict[str, Any]
"""A run as `-o json` shows it (docs/local.md), every field always there."""

Runner = Literal["process", "podman", "docker"]


@dataclass(frozen=True, slots=True)
class Definition:
    """All that a run consists of, checked already.

    Attributes
    ----------
    name, namespace
        Of the run; tasks see both (`LEVADA_RUN`, `LEVADA_NAMESPACE`).
    run
        The spec of the PipelineRun, its parameters included.
    pipelines, components
        Specs by name, those that the run refers to at least.
    """

    name: str
    namespace: str
    run: Mapping[str, Any]
    pipelines: Mapping[str, Any]
    components: Mapping[str, Any]


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
        Called with a sentence for people, before anything runs: that images are not used, what of the run's
        `podTemplate` does not count here.

    Raises
    ------
    LocalError
        With its `exit_code`: the run is in use, differs, needs what is not here, or the folder cannot be written.
    InvalidSpecError
        The definition has mistakes after all.
    KeyboardInterrupt
        It was interrupted (by SIGTERM and SIGHUP too). All tasks have ended; the same name goes on later.
    """
    raise NotImplementedError
