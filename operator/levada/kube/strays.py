"""Pods that lost our label while nobody led: no list of the watch shows them, and nothing else would let them go."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import msgspec

from levada.kube import task_pods
from levada.kube.client import Api
from levada.kube.errors import ApiError
from levada.kube.resource import PODS, PartialObject
from levada.planner.names import RUN_LABEL

_AGAIN = 60.0
"""Seconds until Pods are looked for again where some could not be labelled."""
_log = logging.getLogger(__name__)


class Strays:
    """Gives them their label back, once: of those that lose it later the watch tells.

    Parameters
    ----------
    api
        Requests.
    namespaces
        Where to look; None for all of them.
    """

    def __init__(self, api: Api, namespaces: Sequence[str | None]) -> None:
        self._api = api
        self._namespaces = namespaces

    async def look(self) -> float:
        """Look for them. Returns the seconds after which to look again."""
        again = math.inf
        for namespace in self._namespaces:
            try:
                async for page in self._api.pages(PODS, namespace, labels=f"!{RUN_LABEL}", metadata_only=True):
                    for item in page.items or ():
                        again = min(again, await self._bring_back(item))
            except ApiError as error:  # other namespaces are looked at all the same
                _log.warning(
                    "Pods that lost their label are not found: %s", error, extra={"namespace": namespace or ""}
                )
                again = min(again, _AGAIN)
        return again

    async def _bring_back(self, item: msgspec.Raw) -> float:
        """Label this Pod if it is one of them. Returns the seconds after which to look again."""
        try:
            pod = msgspec.json.decode(item, type=PartialObject)
        except msgspec.MsgspecError:  # none that we made
            return math.inf
        run = task_pods.run_of(pod)
        if run is None or not task_pods.is_held(pod):
            return math.inf
        where = {"namespace": pod.metadata.namespace, "run": run}
        try:
            await task_pods.label(self._api, pod, run)
        except ApiError as error:  # others get theirs all the same
            _log.warning("Pod %s lost its label and cannot get it back: %s", pod.metadata.name, error, extra=where)
            return _AGAIN
        _log.info("Pod %s had lost its label and has it again", pod.metadata.name, extra=where)
        return math.inf
