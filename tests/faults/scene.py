"""A namespace in which only our own operator works, through the proxy, and the small run that is played there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cluster.waiting import WaitFor
from e2e.runs import Runs, container, kind, pipeline
from faults.operator_process import OperatorProcess
from faults.proxy import Fault, Proxy

_NUMBER = [{"name": "n", "type": "Integer"}]
TASKS = {
    "first": container('printf 7 > "$1"', {"outputPath": "n"}, outputs=_NUMBER),
    "second": container(
        'printf %d $(($1 * 6)) > "$2"', {"inputValue": "n"}, {"outputPath": "n"}, inputs=_NUMBER, outputs=_NUMBER
    )
    | {"inputs": {"n": {"task": "first", "output": "n"}}},
    "flaky": container('test "$LEVADA_ATTEMPT" -gt 0; printf 1 > "$1"', {"outputPath": "n"}, outputs=_NUMBER)
    | {"retry": {"limit": 1, "backoff": {"initial": "1s"}}},
}
OUTPUTS = {"n": {"task": "second", "output": "n"}, "tried": {"task": "flaky", "output": "n"}}
END = {
    "phase": "Succeeded",
    "tasks": {"first": ["Succeeded", {"n": 7}], "second": ["Succeeded", {"n": 42}], "flaky": ["Succeeded", {"n": 1}]},
    "outputs": {"n": 42, "tried": 1},
}
"""How the run ends without faults, and with every one."""
ATTEMPTS = {"first": 1, "second": 1, "flaky": 2}


@dataclass
class Scene:
    """What a test plays in."""

    proxy: Proxy
    operator: OperatorProcess
    runs: Runs
    until: WaitFor
    played: list[str] = field(default_factory=list)

    def begin(self, name: str, *faults: Fault) -> None:
        """Begin the small run, with these faults."""
        self.proxy.faults += faults
        self.begin_all([name])

    def begin_all(self, names: Sequence[str]) -> None:
        """Begin the small run under each of these names, all at once."""
        self.played += names
        spec = {"pipelineSpec": pipeline(TASKS, outputs=OUTPUTS)}
        self.runs.apply(*(kind("PipelineRun", name, spec) for name in names))

    def ends_as_ever(self, name: str, timeout: float = 180) -> None:
        """Wait for the end of the run, which is the one that it has without faults, and took as many attempts."""
        _, tasks = self.runs.succeed(name, timeout)
        assert {path: task["attempts"] for path, task in tasks.items()} == ATTEMPTS
