"""Run one compiled document with `levada run`, and tell what became of it in the words of the records."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from conformance.corpus import Document
from conformance.oracle_words import content

_LEVADA = Path(sys.executable).with_name("levada")
_PROGRAMS = Path(__file__).parent / "programs"
LIMIT = 300
"""Seconds that a run may take."""
Told = dict[str, Any]


def run_here(document: Document, home: Path, surroundings: Mapping[str, str]) -> Told:
    """Run it on this machine, with the folder of state `home`."""
    environment = {**surroundings, **document.environment, "LEVADA_HOME": str(home)}
    environment["PATH"] = f"{_PROGRAMS}:{os.environ['PATH']}"
    return run(document, ("--local",), environment, _content_here)


def run(
    document: Document, where: tuple[str, ...], environment: Mapping[str, str], content_of: Callable[[str], Any]
) -> Told:
    """What the run came to, as `levada run -o json` prints it; `Refused` with the mistakes where it did not begin.

    Parameters
    ----------
    where
        Options that say where to run it.
    content_of
        What stands at an artifact's URI.
    """
    argv = [str(_LEVADA), "run", *where, "--name", "run", "-o", "json", str(document.path)]
    for name, value in document.arguments.items():
        argv += ["-p", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    done = subprocess.run(
        argv, env={**os.environ, **environment}, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return {"phase": "Refused", "message": done.stderr.strip(), "outputs": {}, "tasks": []}
    if "errors" in told:
        return {"phase": "Refused", "message": str(told["errors"]), "outputs": {}, "tasks": []}
    for told_of in (told, *told["tasks"]):
        told_of["outputs"] = {name: _plain(value, content_of) for name, value in (told_of["outputs"] or {}).items()}
    return told


def _plain(value: Any, content_of: Callable[[str], Any]) -> Any:
    """An output as the records have it: an artifact by its type, its metadata and its content."""
    if isinstance(value, list):
        return [_plain(one, content_of) for one in value]
    if isinstance(value, dict) and {"uri", "type"} <= set(value):
        type_ = value["type"] if "." in value["type"] else f"system.{value['type']}"
        made = None if value.get("digest") == "nothing" else content_of(value["uri"])
        return {"type": type_, "metadata": value.get("metadata") or {}, "content": made}
    return value


def _content_here(uri: str) -> Any:
    return content(Path(unquote(urlparse(uri).path)))


def parameters(outputs: Told) -> Told:
    """The outputs that are values."""
    return {name: value for name, value in outputs.items() if not _has_artifact(value)}


def _has_artifact(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_artifact, value))
    return isinstance(value, dict) and {"type", "content"} <= set(value)
