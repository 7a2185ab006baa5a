"""Sees every state of a namespace's Pods and runs go by, so that the invariants can be decided from all of them."""

import base64
import json
import os
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from cluster.kubectl import Kubectl
from cluster.paths import VENV
from e2e.runs import Runs
from invariants.checker import violations
from invariants.history import Change, History, Json, seen_in_watches
from invariants.timeline import timeline

_WATCHED = ("pipelineruns.levada.dev", "pods")
_LOOKED_AT = "events.events.k8s.io,configmaps,secrets"
_OPERATOR = ("-n", "levada-system", "-l", "app.kubernetes.io/component=operator")


@contextmanager
def witnessed(kubectl: Kubectl):
    """`make(namespace)` gives the runs there; at the end, whatever became of them, the invariants have held."""
    with ExitStack() as witnesses:

        def make(namespace: str) -> Runs:
            runs, witness = Runs(kubectl, namespace), Witness(kubectl, namespace)
            witnesses.callback(lambda: witness.testify(excused=runs.excused))
            return runs

        yield make


class Witness:
    """Watches from its making until `testify`."""

    def __init__(self, kubectl: Kubectl, namespace: str) -> None:
        self._kubectl, self._namespace = kubectl, namespace
        self._since = datetime.now(UTC).isoformat()
        self._seen = []
        for kind in _WATCHED:
            out = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by `testify`
            argv = [VENV / "bin" / "kubectl", "get", kind, "-n", namespace, "-o", "json", "-w", "--output-watch-events"]
            environment = {**os.environ, "KUBECONFIG": str(kubectl.kubeconfig)}
            watching = subprocess.Popen(argv, env=environment, stdout=out, stderr=subprocess.DEVNULL)
            self._seen.append((watching, out))

    def testify(
        self,
        expected: Mapping[str, Json] | None = None,
        *,
        excused: Collection[str] = (),
        logs: Mapping[str, str] | None = None,
    ) -> None:
        """Stop watching; fail at the first invariant that did not hold, with what led to it.

        Where all runs are over and `expected` says how each has to end, by name, all of them are decided; else those
        that hold at any time, which are I1 to I4, I7, I9 and I10. `logs` are some that are not in the cluster.
        """
        events = []
        for watching, out in self._seen:
            watching.terminate()
            watching.wait()
            out.seek(0)
            events += _events(out.read())
            out.close()
        objects = self._objects()
        secrets = tuple(secrets_of(objects))
        said = {**(self._logs() if secrets else {}), **(logs or {})}
        judge(history_of(events, objects, expected, secrets=secrets, logs=said), excused)

    def _objects(self) -> list[Json]:
        """What else is in the namespace at the end."""
        return self._kubectl.json("get", _LOOKED_AT, "-n", self._namespace)["items"]

    def _logs(self) -> dict[str, str]:
        """What the operator and the containers that are still there have said."""
        whole = ("--all-containers", "--prefix", "--tail=-1", "--ignore-errors")  # some have not begun
        ours = ("-n", self._namespace, "-l", "levada.dev/run")
        return {
            "the operator": self._kubectl.try_to("logs", *_OPERATOR, *whole, f"--since-time={self._since}"),
            "the tasks' Pods": self._kubectl.try_to("logs", *ours, *whole),
        }


def secrets_of(objects: Iterable[Json]) -> Iterator[str]:
    """The secret key of the namespace's store, as it is and as Secrets hold it."""
    for item in objects:
        is_store = item["kind"] == "Secret" and item["metadata"]["name"] == "levada-store"
        if is_store and (held := item.get("data", {}).get("secretAccessKey")):
            yield base64.b64decode(held).decode()
            yield held.rstrip("=")


def history_of(
    events: Iterable[Json], objects: Iterable[Json], expected: Mapping[str, Json] | None, **more: object
) -> History:
    """What is known of a namespace: the events of its watches, and the `objects` that are there at the end.

    It is over where it is `expected` how its runs end.
    """
    entries = seen_in_watches(events)
    at = entries[-1].at if entries else 0.0
    entries += [Change(at, item) for item in objects if item["kind"] != "Secret"]
    return History(entries, dict(expected or {}), is_over=expected is not None, **more)


def judge(history: History, excused: Collection[str] = ()) -> None:
    """Raise AssertionError about the first violation that is not of an `excused` invariant."""
    broken = [found for found in violations(history) if found.invariant not in excused]
    assert not broken, f"{broken[0]}\n{timeline(history.entries)}"


def _events(text):
    """The JSON documents in `text`, one after the other; the last may be cut short."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while (at := next((n for n in range(at, len(text)) if not text[n].isspace()), len(text))) < len(text):
        try:
            event, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            break
        found.append(event)
    return found
