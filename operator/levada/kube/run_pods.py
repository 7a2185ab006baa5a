"""The Pods of each run as the watch shows them, and which of its events are news."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from levada.kube import task_pods
from levada.kube.client import Api
from levada.kube.clock import utc_now
from levada.kube.sharing import Sharing
from levada.planner.lingering import Lingering
from levada.planner.names import RUN_LABEL, SPEC_ANNOTATION, Key
from levada.planner.podview import PodView

if TYPE_CHECKING:
    from levada.kube.active_run import ActiveRun


class RunPods:
    """Keeps them.

    Parameters
    ----------
    api
        Requests.
    active
        The runs at work, as they come and go.
    sharing
        Is told of every Pod.

    Attributes
    ----------
    of
        The Pods of each run by name. What our own requests make of them is put in here, too.
    lingering
        Which Pods of each run are gone and may still run.
    """

    def __init__(self, api: Api, active: Mapping[Key, ActiveRun], sharing: Sharing) -> None:
        self.of: dict[Key, dict[str, PodView]] = {}
        self.lingering: defaultdict[Key, Lingering] = defaultdict(Lingering)
        self._api = api
        self._active = active
        self._sharing = sharing
        self._over: set[Key] = set()
        self._changed: dict[Key, set[str]] = {}
        self._strayed: dict[Key, set[str]] = {}

    def saw(self, old: PodView | None, new: PodView | None) -> Key | None:
        """Take in what the watch saw. Returns the run to which it is news."""
        pod = new or old
        assert pod is not None
        label = pod.metadata.labels.get(RUN_LABEL) or (old.metadata.labels.get(RUN_LABEL) if old else None)
        run = task_pods.run_of(pod) or label
        if not run:
            return None
        key = Key(pod.metadata.namespace, run)
        if label != run and task_pods.is_held(pod):
            self._strayed.setdefault(key, set()).add(pod.metadata.name)
        self._sharing.saw(key, pod.metadata.name, new)
        if not (self._came(key, new) if new else self._went(key, pod)):
            return None
        self._changed.setdefault(key, set()).add(pod.metadata.name)
        return key

    def listed(self, namespace: str | None, shown: Collection[tuple[str, str]]) -> set[Key]:
        """Take in which Pods were there when they were listed anew. Returns the runs of those that were not.

        What the watch had and has lost it tells. Of a Pod that we made while it was away it never knew: that one may be
        gone since, or have lost its label, or have been made after the list.
        """
        known = [pod for key, pods in self.of.items() if namespace in {None, key.namespace} for pod in pods.values()]
        missing = [pod for pod in known if (pod.metadata.namespace, pod.metadata.name) not in shown]
        return {key for pod in missing if (key := self.saw(pod, None))}

    def patience(self, key: Key, name: str) -> float:
        """Seconds for which the run need not hear of what was seen of a Pod."""
        active = self._active.get(key)
        return active.patience(name, len(self._changed[key])) if active and not self._sharing.is_short else 0.0

    def take_changed(self, key: Key) -> set[str]:
        """The names of the run's Pods that have changed since this was last asked."""
        return self._changed.pop(key, set())

    def take_up(self, key: Key) -> None:
        """The run is at work, or is to be: which of its Pods there were is remembered, whatever becomes of that."""
        self._over.discard(key)

    def settle(self, key: Key) -> None:
        """The run is over, or gone: keep nothing of it once it has no Pods."""
        if self.of.get(key):
            self._over.add(key)
            return
        self.of.pop(key, None)
        self.lingering.pop(key, None)
        self._over.discard(key)

    async def bring_back(self, key: Key) -> None:
        """Label Pods anew that we hold and that lost their label: the watch shows them again."""
        strayed = self._strayed.get(key, set())
        for name in tuple(strayed):
            pod = await task_pods.find(self._api, key[0], name)
            if pod is not None and SPEC_ANNOTATION in pod.metadata.annotations:
                await task_pods.label(self._api, pod, key[1])
            strayed.discard(name)
        if not strayed:
            self._strayed.pop(key, None)

    def _came(self, key: Key, pod: PodView) -> bool:
        """It is there, new or changed. To a run that is over only what may have to be let go is news."""
        pods, name = self.of.setdefault(key, {}), pod.metadata.name
        known = pods.get(name)
        if known and known.metadata.resource_version == pod.metadata.resource_version:
            return False  # the echo of our own request
        if known and known.metadata.uid == pod.metadata.uid and not task_pods.is_held(known):
            pod = task_pods.without_hold(pod)  # it may be older than our patch
        pods[name] = pod
        if known is None and key in self.lingering:
            self.lingering[key].here(name)
        if pod.metadata.deletion_timestamp and _is_a_runs(pod):
            self.lingering[key].going(pod)
        return key in self._active or task_pods.is_held(pod) or task_pods.is_orphan(pod)

    def _went(self, key: Key, pod: PodView) -> bool:
        """It is gone from the watch.

        A run that is not at work may still be taken up, after a failure or a restart, and has to know then which of its
        Pods there were: only once it is over, or gone, that is forgotten.
        """
        name, is_active, is_over = pod.metadata.name, key in self._active, key in self._over
        known = self.of.get(key, {}).pop(name, None)
        is_missed = not is_over and _is_a_runs(pod)
        if is_missed:
            self.lingering[key].gone(pod, utc_now())
        elif is_over:
            self.settle(key)
        elif not is_active and not self.of.get(key):
            self.of.pop(key, None)
        if known and known.metadata.uid == pod.metadata.uid and not task_pods.is_held(known):
            pod = known  # the last that the watch tells of a Pod may be older than our patch
        is_stray = task_pods.is_held(pod)  # so it is still there: somebody took our label off
        if is_stray:
            self._strayed.setdefault(key, set()).add(name)
        return is_stray or is_active or is_missed


def _is_a_runs(pod: PodView) -> bool:
    """Whether some run made `pod`, and no stranger put our label on it."""
    return task_pods.run_of(pod) is not None or task_pods.is_orphan(pod)
