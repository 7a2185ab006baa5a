"""What the operator hands to whatever decides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from levada.kube.client import Api
from levada.kube.events import Recorder
from levada.kube.watch import Watch


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a reconciler gets, anew each time this replica begins to lead.

    Attributes
    ----------
    api
        Requests. Its writes are refused (`NotLeaderError`) once this replica may not lead any more.
    pods
        The Pods with our label; its `store` is complete before anything is reconciled.
    recorder
        For Kubernetes Events.
    enqueue
        `enqueue(kind, namespace, name, seconds)` has an object reconciled in so many seconds, or at once for 0. The
        kind is `pipelineruns`, `pipelines` or `components`.
    """

    api: Api
    pods: Watch[Any]
    recorder: Recorder
    enqueue: Callable[[str, str, str, float], None]
