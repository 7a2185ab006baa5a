"""Runs an example's graph as plain processes: what its scripts compute, without any engine in between."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from levada.graph.placeholders import Reference, Use, parse_argument, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = Path(__file__).parents[3] / "manifests" / "examples"


def documents(file: Path) -> list[dict[str, Any]]:
    return list(YAML(typ="safe", pure=True).load_all(file.read_text()))


@dataclass
class Example:
    """An example's Components, its Pipeline, and the runs, by name."""

    components: dict[str, dict[str, Any]]
    pipeline: dict[str, Any]
    runs: dict[str, dict[str, Any]]

    @classmethod
    def load(cls, name: str) -> Example:
        objects = [document for file in sorted((EXAMPLES / name).glob("*.yaml")) for document in documents(file)]
        of_kind = {
            kind: {o["metadata"]["name"]: o["spec"] for o in objects if o["kind"] == kind}
            for kind in ("Component", "Pipeline", "PipelineRun")
        }
        (pipeline,) = of_kind["Pipeline"].values()
        return cls(of_kind["Component"], pipeline, of_kind["PipelineRun"])

    def execute(self, run: str, folder: Path) -> dict[str, dict[str, Path]]:
        """Run every task, in the order in which they are written; the paths of all outputs by task and name."""
        parameters = {p["name"]: p["default"] for p in self.pipeline["parameters"]}
        parameters |= self.runs[run]["parameters"]
        made: dict[str, dict[str, Path]] = {}
        for task in self.pipeline["tasks"]:
            bound = {
                name: parameters[source["parameter"]]
                if "parameter" in source
                else made[source["task"]][source["output"]]
                for name, source in task["inputs"].items()
            }
            made[task["name"]] = self._task(task["componentRef"]["name"], bound, folder / task["name"])
        return made

    def _task(self, name: str, bound: Mapping[str, Any], folder: Path) -> dict[str, Path]:
        component = self.components[name]
        values = {i["name"]: i["default"] for i in component["inputs"] if "default" in i} | bound
        # As the agent lays outputs out: a folder of its own for each, so that metadata.json may stand beside `data`.
        outputs = {output["name"]: folder / output["name"] / "data" for output in component["outputs"]}
        for path in outputs.values():
            path.parent.mkdir(parents=True)

        def text_of(reference: Reference) -> str:
            if reference.use is Use.OUTPUT_PATH:
                return str(outputs[reference.name])
            return str(values[reference.name])

        container = component["implementation"]["container"]
        argv = resolve(
            [parse_argument(raw) for raw in [*container["command"], *container["args"]]],
            text_of,
            values.__contains__,
        )
        assert argv[0] == "python3"
        subprocess.run([sys.executable, *argv[1:]], cwd=folder, check=True, timeout=120)
        return outputs


def digest(path: Path) -> str:
    """A digest over the content of a file, or over the names and contents of a folder's files."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.relative_to(path.parent)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
