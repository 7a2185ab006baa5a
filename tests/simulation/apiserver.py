"""What of the Kubernetes API server a run depends on: versions, conflicts, finalizers, deletion, garbage collection.

`tests/integration/test_model.py` sends the same requests to a real one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from invariants.history import Change, owners
from levada.kube.errors import ApiError
from simulation.world import World

Json = dict[str, Any]
Key = tuple[str, str, str]
Listener = Callable[[str, Json | None, Json | None], None]
KINDS = {
    "pods": "Pod",
    "pipelineruns": "PipelineRun",
    "configmaps": "ConfigMap",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "leases": "Lease",
}


class ApiServer:
    """Objects by (plural, namespace, name). They are never changed in place, so a history may keep them.

    Attributes
    ----------
    listeners
        Called with the plural, the old and the new state after each write.
    quota
        Plurals that may not be created just now.
    """

    def __init__(self, world: World) -> None:
        self.objects: dict[Key, Json] = {}
        self.listeners: list[Listener] = []
        self.quota: set[str] = set()
        self.version = 0
        self.log: list[tuple[int, str, Json | None, Json | None]] = []
        self._world = world
        self._uids = itertools.count(1)

    # --- what clients ask

    def get(self, plural: str, namespace: str, name: str) -> Json:
        if (found := self.objects.get((plural, namespace, name))) is None:
            raise ApiError(404, "NotFound", f'{plural} "{name}" not found')
        return found

    def list(self, plural: str, namespace: str | None = None) -> list[Json]:
        return [
            item for (kind, where, _), item in self.objects.items() if kind == plural and namespace in (None, where)
        ]

    def create(self, plural: str, namespace: str, body: Json) -> Json:
        name = body["metadata"]["name"]
        key = (plural, namespace, name)
        if plural in self.quota:
            raise ApiError(403, "Forbidden", f'{plural} "{name}" is forbidden: exceeded quota: few')
        if key in self.objects:
            raise ApiError(409, "AlreadyExists", f'{plural} "{name}" already exists')
        metadata = body["metadata"] | {"namespace": namespace, "uid": f"uid-{next(self._uids)}"}
        metadata |= {"creationTimestamp": self._world.stamp(), "generation": 1}
        created = body | {"kind": KINDS[plural], "metadata": metadata}
        if plural == "pods":
            created["status"] = {"phase": "Pending"}
        if plural == "pipelineruns":
            created["status"] = {"observedGeneration": -1}
        if not owners(created) <= {item["metadata"]["uid"] for item in self.objects.values()}:
            self._world.soon(0.1, 2.0, self.collect_garbage)
        return self._write(key, created)

    def patch(self, plural: str, namespace: str, name: str, patch: Json, *, kind: str, status: bool = False) -> Json:
        """A merge patch, or a strategic one that takes finalizers off."""
        old = self.get(plural, namespace, name)
        metadata = dict(patch.get("metadata", {}))
        if metadata.pop("resourceVersion", None) not in (None, old["metadata"]["resourceVersion"]):
            raise ApiError(409, "Conflict", "the object has been modified")
        if not status and metadata.pop("uid", None) not in (None, old["metadata"]["uid"]):
            raise ApiError(422, "Invalid", "metadata.uid: field is immutable")
        if status:  # nothing else of the patch counts, the UID neither
            return self._write((plural, namespace, name), merged(old, {"status": patch.get("status", {})}))
        changes = {key: value for key, value in patch.items() if key != "status"} | {"metadata": metadata}
        gone = metadata.pop("$deleteFromPrimitiveList/finalizers", []) if kind == "strategic" else []
        new = merged(old, changes)
        if gone:
            kept = [item for item in new["metadata"].get("finalizers", []) if item not in gone]
            new = new | {"metadata": new["metadata"] | {"finalizers": kept}}
        return self._write((plural, namespace, name), new)

    def replace(self, plural: str, namespace: str, name: str, body: Json) -> Json:
        """Put the whole object there, if it is still the version that `body` was made from."""
        old = self.get(plural, namespace, name)
        if body["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]:
            raise ApiError(409, "Conflict", "the object has been modified")
        return self._write((plural, namespace, name), body | {"metadata": old["metadata"]})

    def delete(self, plural: str, namespace: str, name: str, options: Json | None = None) -> None:
        old = self.get(plural, namespace, name)
        options = options or {}
        wanted = options.get("preconditions", {}).get("uid")
        if wanted is not None and wanted != old["metadata"]["uid"]:
            raise ApiError(409, "Conflict", "the uid is another")
        asked = options.get("gracePeriodSeconds")
        grace = _grace(old, asked) if plural == "pods" else 0
        before = old["metadata"].get("deletionGracePeriodSeconds")
        if before is not None and (asked is None or grace >= before):
            return  # a deletion under way is only ever hastened
        if not grace and not old["metadata"].get("finalizers"):
            self._remove((plural, namespace, name))
            return
        mark = {"deletionTimestamp": self._world.stamp(grace), "deletionGracePeriodSeconds": grace}
        self._write((plural, namespace, name), old | {"metadata": old["metadata"] | mark})

    # --- what the control plane does

    def update(self, plural: str, uid: str, change: Callable[[Json], Json]) -> Json | None:
        """Change the object with that UID, if it is still there."""
        for key, item in self.objects.items():
            if key[0] == plural and item["metadata"]["uid"] == uid:
                return self._write(key, change(item))
        return None

    def by_uid(self, plural: str, uid: str) -> Json | None:
        return next((item for item in self.list(plural) if item["metadata"]["uid"] == uid), None)

    def collect_garbage(self) -> None:
        """Delete what belongs to objects that are gone."""
        alive = {item["metadata"]["uid"] for item in self.objects.values()}
        for (plural, namespace, name), item in list(self.objects.items()):
            owned = owners(item)
            if owned and not owned & alive and "deletionTimestamp" not in item["metadata"]:
                self.delete(plural, namespace, name)

    def _write(self, key: Key, new: Json) -> Json:
        old = self.objects.get(key)
        if old == new:
            return old  # nothing changes: no write
        metadata = new["metadata"]
        is_going = "deletionTimestamp" in metadata and not metadata.get("finalizers")
        if is_going and not metadata.get("deletionGracePeriodSeconds"):
            self.objects[key] = new
            self._remove(key)
            return new
        self.version += 1
        new = new | {"metadata": metadata | {"resourceVersion": str(self.version)}}
        self.objects[key] = new
        self._tell(key[0], old, new)
        return new

    def _remove(self, key: Key) -> None:
        old = self.objects.pop(key)
        self.version += 1
        gone = old | {"metadata": old["metadata"] | {"resourceVersion": str(self.version)}}
        self._tell(key[0], gone, None)
        self._world.soon(0.1, 2.0, self.collect_garbage)

    def _tell(self, plural: str, old: Json | None, new: Json | None) -> None:
        self._world.record(Change(self._world.now, new or old or {}, new is None))
        self.log.append((self.version, plural, old, new))
        for listener in self.listeners:
            listener(plural, old, new)


def merged(old: Any, patch: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(patch, dict) or not isinstance(old, dict):
        return patch
    result = {key: value for key, value in old.items() if key not in patch or patch[key] is not None}
    for key, value in patch.items():
        if value is not None:
            result[key] = merged(result.get(key, {}) if isinstance(value, dict) else None, value)
    return result


def _grace(pod: Json, wanted: int | None) -> int:
    """Seconds that a Pod gets to end: none where nothing runs."""
    if not pod["spec"].get("nodeName") or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    return int(pod["spec"].get("terminationGracePeriodSeconds", 30) if wanted is None else wanted)
