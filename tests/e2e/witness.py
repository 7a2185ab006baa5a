"""Sees every state of a namespace's Pods and runs go by, so that the invariants can be decided from all of them."""

import json
import os
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager

from cluster.paths import VENV
from e2e.runs import Runs
from invariants.checker import violations
from invariants.history import History, seen_in_watches
from invariants.timeline import timeline

_KINDS = ("pods", "pipelineruns.levada.dev")
_STATED = {"I1", "I2", "I3"}
"""What holds whatever a test does to the objects by hand; the simulation decides the others."""


@contextmanager
def witnessed(kubectl):
    """`make(namespace)` gives the runs there; at the end, whatever became of them, the invariants have held."""
    with ExitStack() as witnesses:

        def make(namespace):
            witnesses.callback(Witness(kubectl.kubeconfig, namespace).testify)
            return Runs(kubectl, namespace)

        yield make


class Witness:
    """Watches from its making until `testify`."""

    def __init__(self, kubeconfig, namespace):
        self._seen = []
        for kind in _KINDS:
            out = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by `testify`
            argv = [VENV / "bin" / "kubectl", "get", kind, "-n", namespace, "-o", "json", "-w", "--output-watch-events"]
            environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
            watching = subprocess.Popen(argv, env=environment, stdout=out, stderr=subprocess.DEVNULL)
            self._seen.append((watching, out))

    def testify(self, expected=None):
        """Stop watching; fail at the first invariant that did not hold, with what led to it.

        Where all runs are over and `expected` says how each has to end, by name, every invariant must have held.
        """
        changes = []
        for watching, out in self._seen:
            watching.terminate()
            watching.wait()
            out.seek(0)
            changes += _events(out.read())
            out.close()
        entries = seen_in_watches(changes)
        if expected is None:
            broken = [found for found in violations(History(entries, is_over=False)) if found.invariant in _STATED]
        else:
            broken = violations(History(entries, expected))
        assert not broken, f"{broken[0]}\n{timeline(entries)}"


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
