"""Made-up objects, and the histories of them."""

import base64
import gzip
from itertools import count

from invariants.history import Change, Containers, History, Write

FINALIZER = "levada.dev/result"


def run(phase="Running", *tasks, uid="r1", name="run", **status):
    """A run with `tasks` of (path, phase, attempts) and perhaps more fields."""
    shown = [{"path": path, "phase": state, "attempts": attempts} for path, state, attempts in tasks]
    metadata = {"name": name, "uid": uid}
    status = {"phase": phase, "startTime": "2026-01-01T00:00:00Z", "tasks": shown, **status}
    return {"kind": "PipelineRun", "metadata": metadata, "status": status}


def pod(attempt=0, *, task="a", state=None, held=True, owner="r1"):
    annotations = {"levada.dev/task": task, "levada.dev/attempt": str(attempt)}
    metadata = {"name": f"run-{task}-{attempt}", "uid": f"{owner}-{task}-{attempt}", "annotations": annotations}
    metadata |= {"ownerReferences": [{"uid": owner}], "finalizers": [FINALIZER] if held else []}
    statuses = [{"name": "main", "state": {state: {}}}] if state else []
    return {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": statuses}}


def history(*objects, **more):
    """The objects as they changed, one a second; `(object,)` for one that is removed."""
    ticks = count()
    entries = []
    for item in objects:
        if isinstance(item, Containers | Write):
            entries.append(item)
        elif isinstance(item, tuple):
            entries.append(Change(next(ticks), item[0], is_gone=True))
        else:
            entries.append(Change(next(ticks), item))
    return History(entries, **more)


def config_map(text):
    packed = base64.b64encode(gzip.compress(text.encode())).decode()
    return {"kind": "ConfigMap", "metadata": {"name": "run-graph", "uid": "c1"}, "binaryData": {"definition": packed}}


GOOD = (
    run("Running", ("a", "Pending", 0)),
    pod(0),
    pod(0, state="running"),
    run("Running", ("a", "Running", 1)),
    pod(0, state="terminated"),
    run("Running", ("a", "Pending", 2)),
    pod(0, state="terminated", held=False),
    pod(1),
    pod(1, state="running"),
    pod(1, state="terminated"),
    run("Succeeded", ("a", "Succeeded", 2)),
    pod(1, state="terminated", held=False),
)
