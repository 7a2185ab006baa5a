"""Wait for something in the cluster; when it does not come, say what was there instead."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cluster.kubectl import Kubectl, KubectlError

T = TypeVar("T")
_SHOWN_PODS = 5
_LAST_LINES = 40


@dataclass(frozen=True)
class WaitFor:
    """`wait_for(predicate, "the Pod to succeed", timeout=30)` gives the predicate's first true value."""

    kubectl: Kubectl
    namespace: str | None = None

    def __call__(self, predicate: Callable[[], T], what: str, timeout: float = 60) -> T:
        deadline = time.monotonic() + timeout
        pause, last = 0.1, "nothing yet"
        while time.monotonic() < deadline:
            try:
                value = predicate()
            except KubectlError as error:  # often NotFound: it may come
                last = str(error)
            else:
                if value:
                    return value
                last = repr(value)
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        raise AssertionError(f"Waited {timeout:.0f} s in vain for {what}. Last seen: {last}\n{self.report()}")

    def report(self) -> str:
        """What a person would look at first."""
        if not self.namespace:
            return ""
        kubectl, here = self.kubectl, ("-n", self.namespace)
        parts = [
            _titled("pods", kubectl.try_to("get", "pods", "-o", "wide", *here)),
            _titled("events", _end(kubectl.try_to("get", "events", "--sort-by=.lastTimestamp", *here))),
        ]
        # Nothing of Levada is installed yet where there is no chart; then this says so.
        parts.append(_titled("runs", kubectl.try_to("get", "pipelineruns.levada.dev", "-o", "wide", *here)))
        for name in self._interesting_pods():
            parts.append(_titled(f"describe {name}", kubectl.try_to("describe", "pod", name, *here)))
            logs = ("logs", name, "--all-containers", "--prefix", f"--tail={_LAST_LINES}", *here)
            parts.append(_titled(f"logs {name}", kubectl.try_to(*logs)))
        operator = ("-n", "levada-system", "-l", "app.kubernetes.io/component=operator", f"--tail={_LAST_LINES}")
        parts.append(_titled("operator's logs", kubectl.try_to("logs", *operator)))
        return "\n".join(parts)

    def _interesting_pods(self) -> list[str]:
        try:
            pods = self.kubectl.json("get", "pods", "-n", str(self.namespace))["items"]
        except KubectlError:
            return []
        open_ones = [pod for pod in pods if pod["status"].get("phase") != "Succeeded"]
        return [pod["metadata"]["name"] for pod in open_ones[:_SHOWN_PODS]]


def _titled(title: str, text: str) -> str:
    return f"--- {title}\n{text.rstrip()}"


def _end(text: str) -> str:
    return "\n".join(text.splitlines()[-_LAST_LINES:])
