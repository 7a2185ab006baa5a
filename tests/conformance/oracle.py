"""Run one document under `kfp.local`: `python oracle.py DOCUMENT ARGUMENTS_JSON` prints what became of it as JSON.

It runs in an environment of its own (requirements-kfp.lock): kfp wants an older `kubernetes` than Levada does.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from kfp import components, dsl, local
from kfp.local import status
from kfp.local.orchestrator import task_executor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from conformance.oracle_words import content

_TASK_FAILED = "Inner task failed"
_LONGEST_MESSAGE = 400


def main(document: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    """Status, outputs of the pipeline and outputs of each task; `CannotRun` is a limit of kfp.local."""
    tasks: list[dict[str, Any]] = []
    _watch(tasks)
    local.init(runner=local.SubprocessRunner(use_venv=True), pipeline_root="outputs", workspace_root="workspace")
    result: dict[str, Any] = {"status": "Succeeded", "outputs": {}}
    try:
        task = components.load_component_from_text(document.read_text())(**arguments)
        result["outputs"] = {name: _plain(value) for name, value in task.outputs.items()}
    # Whatever kfp raises is its answer.
    except Exception as error:  # noqa: BLE001
        message = f"{type(error).__name__}: {error}"
        result["status"] = "Failed" if _TASK_FAILED in message else "CannotRun"
        result["error"] = message[:_LONGEST_MESSAGE]
    result["tasks"] = tasks
    return result


def _watch(tasks: list[dict[str, Any]]) -> None:
    """Write down what every task gave: a pipeline's own outputs say little of what went on inside."""
    real = task_executor.execute_single_task

    def watched(*args: Any, **kwargs: Any) -> Any:
        outputs, ended = real(*args, **kwargs)
        tasks.append(
            {
                "component": kwargs["task_spec"].component_ref.name.removeprefix("comp-"),
                "status": "Succeeded" if ended == status.Status.SUCCESS else "Failed",
                "outputs": {name: _plain(value) for name, value in outputs.items()},
            }
        )
        return outputs, ended

    task_executor.execute_single_task = watched


def _plain(value: Any) -> Any:
    if isinstance(value, dsl.Artifact):
        return {
            "type": value.schema_title,
            "metadata": {key: _plain(one) for key, one in value.metadata.items()},
            "content": content(Path(value.path)) if value.path else None,
        }
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


if __name__ == "__main__":
    # Tasks print to stdout; the answer must stand there alone.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asked = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        json.dump(main(asked, json.loads(sys.argv[2])), answer, indent=1, sort_keys=True)
        answer.write("\n")
