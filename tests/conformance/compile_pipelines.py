"""Compile the pipelines of `pipelines/` with the kfp that runs this: `python compile_pipelines.py FOLDER`.

Beside each `NAME.yaml` stands `NAME.json`: what it must come to, and the rows of the feature table that it tests.
"""

import importlib.util
import json
import sys
from pathlib import Path

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
        compiler.Compiler().compile(module.pipeline, str(target / f"{source.stem}.yaml"))
        expected = {
            "phase": getattr(module, "PHASE", "Succeeded"),
            "outputs": module.OUTPUTS,
            "tasks": module.TASKS,
            "rows": module.ROWS,
        }
        (target / f"{source.stem}.json").write_text(json.dumps(expected, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
