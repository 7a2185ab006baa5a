"""Compile the pipelines of `pipelines/` with the kfp that runs this: `python compile_pipelines.py FOLDER`.

Beside each `NAME.yaml` stands `NAME.json`: what it must come to, and the rows of the feature table that it tests.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kfp import compiler

_SOURCES = Path(__file__).parent / "pipelines"


def main(target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(_SOURCES.glob("*.py")):
        spec = importlib.util.spec_from_file_location(source.stem, source)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, pipeline, expected in _expected(source.stem, module):
            compiler.Compiler().compile(pipeline, str(target / f"{name}.yaml"))
            (target / f"{name}.json").write_text(json.dumps(expected, indent=1))


def _expected(stem: str, module: Any) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Name, pipeline and results of each pipeline of a file: the one called `pipeline`, or several of any name."""
    if hasattr(module, "EXPECTED"):
        for name, (rows, output) in module.EXPECTED.items():
            outputs = {} if output is None else {"Output": output}
            told = {"outputs": outputs, "tasks": module.TASKS.get(name, {}), "rows": rows}
            yield name, getattr(module, name), {"phase": module.PHASES.get(name, "Succeeded"), **told}
    else:
        told = {"outputs": module.OUTPUTS, "tasks": module.TASKS, "rows": module.ROWS}
        ends = {"phase": getattr(module, "PHASE", "Succeeded"), "said": getattr(module, "SAID", "")}
        yield stem, module.pipeline, {**ends, **told}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
