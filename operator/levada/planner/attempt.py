"""What one attempt at a task is seen to be doing: the same words for Pods and, later, for local processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from levada.graph.model import Datum


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not started yet; `reason` and `message` are a hint at what it waits for."""

    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """The main container runs."""

    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Success:
    """Ended well, with all outputs."""

    outputs: Mapping[str, Datum] = field(default_factory=dict)
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Ended badly, or can never start; `log` holds the last lines that the task printed."""

    reason: str
    message: str
    exit_code: int | None = None
    log: str = ""
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True, slots=True)
class ManifestNeeded:
    """Ended well, but its outputs did not fit into the report: read the manifest with this digest, then look again."""

    digest: str


@dataclass(frozen=True, slots=True)
class Doomed:
    """Cannot end by itself: stop it; once it is proven dead it counts as `failure`."""

    failure: Failure


Outcome = Success | Failure
Sighting = Waiting | Running | Success | Failure | ManifestNeeded | Doomed
