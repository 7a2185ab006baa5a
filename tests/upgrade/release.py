"""The run that each release leaves half way, and how the next one has to end it."""

import json
from pathlib import Path

from bench.workload import IMAGE
from e2e.runs import kind
from levada import __version__

FIXTURES = Path(__file__).parent / "fixtures"
HERE = FIXTURES / __version__
"""What this version leaves."""
NAME = "half-way"
_FOR_EVER = 36000
_NUMBER = {"name": "n", "type": "Integer"}


def _work(outputs: list[dict], printed: str) -> dict:
    """A component for the fake kubelet: seconds to take, and what to print."""
    inputs = [_NUMBER | {"optional": True}, {"name": "seconds", "type": "Float", "default": 0}]
    args = [{"inputValue": "seconds"}, printed, *({"outputPath": output["name"]} for output in outputs)]
    container = {"image": IMAGE, "command": ["work"], "args": args}
    return {"componentSpec": {"inputs": inputs, "outputs": outputs, "implementation": {"container": container}}}


_ONE = _work([_NUMBER], "7")
_SLOW = {"seconds": {"value": _FOR_EVER}}
_FROM_FIRST = {"n": {"task": "first", "output": "n"}}
_TASKS = {
    "first": _ONE,
    "listed": _work([{"name": "points", "type": "List"}], "range 3"),
    "slow": _ONE | {"inputs": _SLOW | _FROM_FIRST},
    "fit": _ONE | {"forEach": {"items": [0, _FOR_EVER]}, "inputs": {"seconds": {"item": "item"}}},
    "nested": {
        "pipelineSpec": {
            "parameters": [_NUMBER],
            "tasks": [{"name": "quick", **_ONE}, {"name": "held", **_ONE, "inputs": _SLOW | {"n": {"parameter": "n"}}}],
            "outputs": {"n": {"task": "held", "output": "n"}},
        },
        "inputs": _FROM_FIRST,
    },
    "skipped": _ONE | {"when": "inputs.n > 10", "inputs": _FROM_FIRST},
    "gate": {"approval": {"message": "Go on?"}},
    "last": _ONE | {"inputs": {"n": {"task": "nested", "output": "n"}}, "after": ["gate"]},
}
RUN = kind(
    "PipelineRun",
    NAME,
    {
        "pipelineSpec": {
            "tasks": [{"name": name, **body} for name, body in _TASKS.items()],
            "finally": [{"name": "report", **_ONE}],
            "outputs": {
                "points": {"task": "listed", "output": "points"},
                "fits": {"collect": {"task": "fit", "output": "n"}},
                "last": {"task": "last", "output": "n"},
            },
        }
    },
)
HALF_WAY = {
    "first": "Succeeded",
    "listed": "Succeeded",
    "slow": "Running",
    "fit[0]": "Succeeded",
    "fit[1]": "Running",
    "nested.quick": "Succeeded",
    "nested.held": "Running",
    "skipped": "Skipped",
    "gate": "Running",
    "last": "Pending",
}
IN_PODS = ["slow", "fit[1]", "nested.held"]
"""Whose Pods run."""
OUTPUTS = {"points": [0, 1, 2], "fits": [7, 7], "last": 7}


def phases(run: dict) -> dict[str, str]:
    """The phase of every task that is named above, as the run's status has it."""
    return {task["path"]: task["phase"] for task in run["status"].get("tasks", []) if task["path"] in HALF_WAY}


def versions() -> list[str]:
    """The releases whose objects are kept."""
    return sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())


def objects(version: str) -> list[dict]:
    return json.loads((FIXTURES / version / "objects.json").read_text())
