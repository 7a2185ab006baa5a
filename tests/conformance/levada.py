"""Run one compiled document with `levada run --local`, and tell what became of it in the words of the records."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from conformance.corpus import Document
from conformance.oracle_words import content

_LEVADA = Path(sys.executable).with_name("levada")
_PROGRAMS = Path(__file__).parent / "programs"
LIMIT = 300


def run(document: Document, home: Path, surroundings: dict[str, str]) -> dict[str, Any]:
    """What the run came to, as `levada run -o json` prints it; `Refused` with the mistakes where it did not begin."""
    argv = [str(_LEVADA), "run", "--local", "--name", "run", "-o", "json", str(document.path)]
    for name, value in document.arguments.items():
        argv += ["-p", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    surroundings = os.environ | surroundings | document.environment | {"LEVADA_HOME": str(home)}
    surroundings["PATH"] = f"{_PROGRAMS}:{surroundings['PATH']}"
    done = subprocess.run(argv, env=surroundings, capture_output=True, text=True, timeout=LIMIT, check=False)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return {"phase": "Refused", "message": done.stderr.strip(), "outputs": {}, "tasks": []}
    if "errors" in told:
        return {"phase": "Refused", "message": str(told["errors"]), "outputs": {}, "tasks": []}
    return told


def plain(value: Any) -> Any:
    """An output as the records have it: an artifact by its type, its metadata and its content."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict) and {"uri", "type"} <= set(value):
        path = Path(unquote(urlparse(value["uri"]).path))
        type_ = value["type"] if "." in value["type"] else f"system.{value['type']}"
        made = None if value.get("digest") == "nothing" else content(path)
        return {"type": type_, "metadata": value.get("metadata") or {}, "content": made}
    return value


def parameters(outputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs that are values."""
    return {name: value for name, value in outputs.items() if not _has_artifact(value)}


def _has_artifact(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_artifact, value))
    return isinstance(value, dict) and ({"uri", "type"} <= set(value) or {"type", "content"} <= set(value))
