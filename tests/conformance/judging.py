"""Whether what became of a document is what kfp.local makes of it, or what its source says."""

import json
import re
import shutil
from typing import Any

import pytest

from conformance import levada
from conformance.corpus import Document
from conformance.expected import RANDOM, ByHand

_PLACES = ("/", "s3://")


def end_of(document: Document, expected: ByHand | None) -> str:
    """The phase in which a document has to end."""
    return expected.phase if expected else str(json.loads(document.record.read_text())["status"])


def is_as_recorded(found: levada.Told, document: Document) -> None:
    """Compare with the answer of kfp.local, which must be to this very document."""
    kept = json.loads(document.record.read_text())
    assert (kept["digest"], kept["arguments"]) == (document.digest, document.arguments), "stale: record it again"
    assert kept["status"] in ("Succeeded", "Failed"), f"kfp.local cannot run it: {kept['error']}; write it by hand"
    assert found["phase"] == kept["status"], found["message"]
    failed = [task["path"].rpartition(".")[2] for task in found["tasks"] if task["phase"] == "Failed"]
    assert _failed_task(kept) in (None, *failed)
    if document.name not in RANDOM:
        assert found["outputs"] == kept["outputs"]
        if kept["tasks"]:  # of a pipeline of one component kfp.local tells nothing but the outputs
            assert _values_of(found["tasks"]) == _values_of(kept["tasks"])


def is_as_written(found: levada.Told, document: Document, expected: ByHand) -> None:
    """Compare with what was read from the document's source."""
    assert found["phase"] == expected.phase, found["message"]
    assert expected.said in found["message"]
    if document.name in RANDOM:
        return
    made = found["outputs"]
    patterns = {name: value for name, value in expected.outputs.items() if isinstance(value, str) and "/" in value}
    assert [name for name, pattern in patterns.items() if not re.fullmatch(pattern, made[name])] == []
    assert made | patterns == expected.outputs
    tasks = {task["path"]: task["outputs"] for task in found["tasks"]}
    assert {path: tasks.get(path) for path in expected.tasks} == expected.tasks


def must_have(expected: ByHand) -> None:
    """Leave the test out where the program that its document starts is not installed."""
    if not shutil.which(expected.program):
        pytest.skip(f"left out: {expected.program} is not installed")


def _failed_task(kept: dict[str, Any]) -> str | None:
    """The task at fault by its own name, which kfp.local tells of innermost tasks that stand in no loop."""
    told = re.search(r"Inner task failed: \x1b\[96m'([^']+)'", kept.get("error", ""))
    return told[1] if told and "-iteration-" not in told[1] else None


def _values_of(tasks: list[dict[str, Any]]) -> list[str]:
    """The values that all tasks have made; which task of a loop made which is not told by kfp.local."""
    made = [levada.parameters(task["outputs"]) for task in tasks if task.get("phase", task.get("status")) != "Failed"]
    groups = [task["path"] for task in tasks if "path" in task]
    if groups:  # Graphs and loops are told of too: only what runs counts.
        inside = {re.split(r"[.\[]", path[::-1], maxsplit=1)[1][::-1] for path in groups if re.search(r"[.\[]", path)}
        made = [levada.parameters(task["outputs"]) for task in tasks if task["path"] not in inside and task["outputs"]]
    return sorted(json.dumps(_whole(one), sort_keys=True) for one in made if one)


def _whole(value: Any) -> Any:
    """A value in which 8.0 is 8, at any depth: JSON knows one kind of number. Where files stand is left out."""
    if isinstance(value, dict):
        return {key: _whole(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [_whole(inside) for inside in value]
    if isinstance(value, str) and value.startswith(_PLACES):
        return "a place"
    return int(value) if isinstance(value, float) and value.is_integer() else value
