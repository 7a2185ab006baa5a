"""What may go once runs have ended: the runs themselves, and Pods.

Nothing here holds a run back: there is no finalizer on runs, and what somebody deletes is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from levada.api.fields import seconds
from levada.planner.encoding import Row
from levada.planner.names import KEPT_ANNOTATION, Key
from levada.planner.nodes import Phase

NEVER: Final = "Never"
ON_SUCCESS: Final = "OnSuccess"
ON_COMPLETION: Final = "OnCompletion"
"""Values of `podCleanup`."""

FINAL: Final = ("Succeeded", "Failed", "Cancelled")
"""Phases of a run of which nothing changes any more."""
_APPLIERS: Final = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "app.kubernetes.io/instance": "Argo CD or Helm",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
"""Labels and annotations of objects that something applies again when they are gone, and what does."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for runs that do not say it themselves.

    Attributes
    ----------
    ttl
        How long a run stays after its end; None for ever.
    cleanup
        Its `podCleanup`.
    """

    ttl: timedelta | None = None
    cleanup: str = NEVER


@dataclass(frozen=True, slots=True)
class HistoryLimit:
    """How many finished runs of a Pipeline stay, by how they ended; None for all."""

    successful: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What is remembered of a finished run.

    Attributes
    ----------
    pipeline
        The Pipeline that it referred to; empty where its graph was its own.
    at
        When it ended.
    seen
        When this replica first saw that it had.
    ttl
        How long it stays after its end.
    applier
        What would apply it again, and so run it again, if it were deleted; empty where nothing would.
    is_told
        Whether people have been told that it stays because of that.
    """

    namespace: str
    name: str
    uid: str
    pipeline: str
    has_succeeded: bool
    at: datetime
    seen: datetime
    ttl: timedelta | None
    applier: str
    is_told: bool

    @property
    def key(self) -> Key:
        """Its namespace and name."""
        return Key(self.namespace, self.name)


def ended_run(run: Mapping[str, Any], defaults: Defaults, now: datetime) -> Ended | None:
    """What to remember of the PipelineRun `run`; None while it is not over."""
    metadata, spec, status = run["metadata"], run["spec"], run.get("status", {})
    if not is_over(run) or not status.get("completionTime"):
        return None
    ttl = spec.get("ttlAfterFinished")
    return Ended(
        metadata["namespace"],
        metadata["name"],
        metadata["uid"],
        spec.get("pipelineRef", {}).get("name", ""),
        status["phase"] == "Succeeded",
        datetime.fromisoformat(status["completionTime"]),
        now,
        timedelta(seconds=seconds(ttl)) if ttl else defaults.ttl,
        applier_of(metadata),
        KEPT_ANNOTATION in metadata.get("annotations", {}),
    )


def is_over(run: Mapping[str, Any]) -> bool:
    """Whether nothing of the PipelineRun `run` will change any more."""
    return run.get("status", {}).get("phase") in FINAL


def applier_of(metadata: Mapping[str, Any]) -> str:
    """What manages the object with this metadata from elsewhere (Argo CD, Flux, Helm); empty where nothing does."""
    marks = {**metadata.get("labels", {}), **metadata.get("annotations", {})}
    if marks.get("app.kubernetes.io/managed-by") == "Helm":
        return "Helm"
    return next((name for mark, name in _APPLIERS.items() if mark in marks), "")


def history_limit(pipeline_spec: Mapping[str, Any]) -> HistoryLimit:
    """The `historyLimit` of a Pipeline."""
    given = pipeline_spec.get("historyLimit") or {}
    return HistoryLimit(given.get("successful"), given.get("failed"))


class History:
    """The finished runs that are known here. One that becomes known later makes none of the surplus ones needed again.

    Parameters
    ----------
    rest
        How long a finished run stays at least after it was first seen here. Its Pods go with it, and as long as a
        replica that lost the lease may still be about, a Pod's name must not become free.
    """

    def __init__(self, rest: timedelta) -> None:
        self._rest = rest
        self._runs: dict[Key, Ended] = {}
        self._limits: dict[Key, HistoryLimit] = {}
        self._settled: dict[str, bool] = {}

    def note(self, run: Ended) -> None:
        """Take in a finished run as it stands now; when it was first seen does not change."""
        known = self._runs.get(run.key)
        if known and known.uid != run.uid:
            self.forget(run.key)
        elif known:
            run = replace(run, seen=known.seen)
        self._runs[run.key] = run

    def forget(self, key: Key) -> None:
        """The run is gone, or is another one now."""
        if run := self._runs.pop(key, None):
            self._settled.pop(run.uid, None)

    def settle(self, run: Ended, *, is_kept: bool) -> None:
        """Note that what had to be done about `run` has been done: it was deleted, or it stays without Pods."""
        self._settled[run.uid] = is_kept

    def postpone(self, run: Ended, now: datetime) -> None:
        """Note that nothing could be done about `run`: it rests once more."""
        known = self._runs.get(run.key)
        if known and known.uid == run.uid:
            self._runs[run.key] = replace(run, seen=now)

    def is_kept(self, uid: str) -> bool:
        """Whether the run with `uid` stays though its time is over: all but the object may go."""
        return self._settled.get(uid, False)

    def limit(self, pipeline: Key, limit: HistoryLimit | None) -> None:
        """Take in a Pipeline's limit; None when it has to be asked for (again)."""
        if limit is None:
            self._limits.pop(pipeline, None)
        else:
            self._limits[pipeline] = limit

    @property
    def unknown(self) -> set[Key]:
        """The Pipelines of finished runs whose limits are not known."""
        return {Key(run.namespace, run.pipeline) for run in self._runs.values() if run.pipeline} - self._limits.keys()

    def due(self, now: datetime) -> tuple[list[Ended], datetime | None]:
        """The runs whose time is over, longest ended first, and when there may be more."""
        moments = {run.key: run.at + run.ttl for run in self._runs.values() if run.ttl is not None}
        moments |= {run.key: run.at for run in self._surplus()}
        due, later = [], []
        for key, moment in moments.items():
            run = self._runs[key]
            end = max(moment, run.seen + self._rest)
            if run.uid in self._settled:
                continue
            if end <= now:
                due.append(run)
            else:
                later.append(end)
        return sorted(due, key=_age), min(later, default=None)

    def _surplus(self) -> Iterable[Ended]:
        """The runs that are beyond the limit of their Pipeline."""
        groups: dict[tuple[str, str, bool], list[Ended]] = defaultdict(list)
        for run in self._runs.values():
            if run.pipeline and (run.namespace, run.pipeline) in self._limits:
                groups[run.namespace, run.pipeline, run.has_succeeded].append(run)
        for (namespace, pipeline, has_succeeded), runs in groups.items():
            limit = self._limits[Key(namespace, pipeline)]
            kept = limit.successful if has_succeeded else limit.failed
            if kept is not None:
                yield from sorted(runs, key=_age, reverse=True)[kept:]


def may_free_pod(cleanup: str, row: Row | None, attempt: int, *, is_over: bool) -> bool:
    """Whether the Pod of an attempt that has ended is of no more use.

    Parameters
    ----------
    cleanup
        The run's `podCleanup`.
    row
        What the run's status records of the task; None where that is nothing.
    attempt
        The Pod's.
    is_over
        Whether the run has ended: nothing more will be recorded.
    """
    is_recorded = row is not None and (row.phase.is_final or attempt < row.attempt)
    if cleanup == NEVER or not (is_over or is_recorded):
        return False
    if cleanup == ON_COMPLETION:
        return True
    return row is not None and row.phase is Phase.SUCCEEDED and row.attempt == attempt


def _age(run: Ended) -> tuple[datetime, str]:
    return run.at, run.name
