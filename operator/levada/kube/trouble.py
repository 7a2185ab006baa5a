"""An object whose reconciliation fails for its own sake: it alone is Stalled, says why, and is tried again.

The next reconciliation that succeeds writes the conditions anew, and with them clears this one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from levada.kube import metrics
from levada.kube.client import Api, Json
from levada.kube.clock import utc_now
from levada.kube.definition_status import status_of
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError, is_passing
from levada.kube.kept import UnreadableError
from levada.kube.record import StaleObjectError, patch_status
from levada.kube.resource import PIPELINE_RUNS, Resource
from levada.kube.task_pods import NOT_FOUND
from levada.planner import reasons
from levada.planner.names import Key
from levada.planner.status import Standing, head_status

_PATIENCE = 5
"""Failures in a row after which what should pass by itself is told too: it does not."""
_LONGEST = 1000
_log = logging.getLogger(__name__)


class Trouble:
    """Tells of it.

    Parameters
    ----------
    api
        Requests.
    emit
        Posts a Kubernetes Event: the object, its type, reason and message.
    """

    def __init__(self, api: Api, emit: Callable[[Json, str, str, str], None]) -> None:
        self._api = api
        self._emit = emit

    async def tell(self, resource: Resource, key: Key, error: Exception, failures: int) -> None:
        """Tell of an error, the last of so many in a row, where the object is at fault or nobody else is.

        Parameters
        ----------
        resource, key
            The object. It may be gone.
        error
            Why it could not be reconciled.
        failures
            How many times in a row it now could not.
        """
        if isinstance(error, ApiUnreachableError | NotLeaderError) or (is_passing(error) and failures < _PATIENCE):
            return
        metrics.RECONCILE_ERRORS.labels(resource.plural).inc()
        try:
            found = await self._api.get(resource, *key)
        except ApiError as refusal:
            if refusal.status != NOT_FOUND:
                raise
            return
        message = f"it cannot be worked on, and is tried again: {_told(error)} (more is in the operator's log)"
        self._emit(found, "Warning", reasons.RECONCILE_FAILED, message)
        if _is_news(found):
            try:
                await patch_status(self._api, resource, found, _stalled(resource, found, message))
            except StaleObjectError:
                _log.debug("it has changed meanwhile: it is tried again first")


def _told(error: Exception) -> str:
    text = str(error) if isinstance(error, ApiError | UnreadableError) else f"{type(error).__name__}: {error}"
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _is_news(found: Json) -> bool:
    """Whether the status may be written: not what is over, and once for each generation.

    What is written has the object reconciled again at once: a message that is another each time would never end it.
    """
    status = found.get("status", {})
    said = (reasons.RECONCILE_FAILED, found["metadata"].get("generation"))
    conditions = status.get("conditions", [])
    is_said = any((old.get("reason"), old.get("observedGeneration")) == said for old in conditions)
    return not is_said and not Standing(status.get("phase", ""), "").is_final


def _stalled(resource: Resource, found: Json, message: str) -> Json:
    """What changes in the status."""
    if resource is not PIPELINE_RUNS:
        return status_of(found, Standing("", reasons.RECONCILE_FAILED, message))
    before = found.get("status", {})
    verdict = Standing(before.get("phase") or "Pending", reasons.RECONCILE_FAILED, message)
    return head_status(verdict, before, found["metadata"]["generation"], None, utc_now())
