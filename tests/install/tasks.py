"""Tasks that end when the test says so."""

from dataclasses import dataclass

from cluster.kubectl import Kubectl
from cluster.waiting import WaitFor
from e2e.runs import Runs, container

_NUMBER = {"outputs": [{"name": "n", "type": "Integer"}]}
# As PID 1 it would not end by itself when it is told to.
_WAIT = "trap 'exit 0' TERM; until test -e /tmp/open; do sleep 0.1; done; printf 7 > \"$1\""


def gated() -> dict:
    """A task that waits until `Gates.open`; its output `n` is 7."""
    return container(_WAIT, {"outputPath": "n"}, **_NUMBER)


def number() -> dict:
    """A task whose output `n` is 7."""
    return container('printf 7 > "$1"', {"outputPath": "n"}, **_NUMBER)


def after(task: str) -> dict:
    """A task that needs the output `n` of another, and has it as its own."""
    inputs = [{"name": "n", "type": "Integer"}]
    body = container('printf "$1" > "$2"', {"inputValue": "n"}, {"outputPath": "n"}, inputs=inputs, **_NUMBER)
    return body | {"inputs": {"n": {"task": task, "output": "n"}}}


@dataclass(frozen=True)
class Gates:
    kubectl: Kubectl
    wait_for: WaitFor

    def open(self, runs: Runs, run: str, task: str) -> None:
        """Let the task go on; it must run or come to run soon, whether an operator is there or not."""

        def pods() -> list[str]:
            mine = [pod["metadata"] for pod in runs.pods(run) if "deletionTimestamp" not in pod["metadata"]]
            return [metadata["name"] for metadata in mine if metadata["annotations"]["levada.dev/task"] == task]

        (pod,) = self.wait_for(pods, f"a Pod of {task}")
        touch = ("exec", "-n", runs.namespace, pod, "-c", "main", "--", "touch", "/tmp/open")
        self.wait_for(lambda: self.kubectl(*touch) is not None, f"{task} of {run} runs", 60)
