"""`levada artifacts` and `levada download`: what a run made."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError
from levada.cli.options import json_output, where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.cli.runs import Runs


@click.command()
@click.argument("run")
@json_output
@where_options
def artifacts(run: str, output: str | None, where: Where) -> None:
    """List the artifacts of RUN: files and folders that its tasks made, with type, digest and URI.

    \b
    Examples:
      levada artifacts flowers-1
      levada artifacts flowers-1 -o json | jq -r '.[] | select(.type == "Model").uri'
    """  # noqa: D301
    with where.open() as runs:
        view = runs.read(run)
    found = [
        {"task": task["path"], "output": name, **value}
        for task in view["tasks"]
        for name, value in task["outputs"].items()
        if is_artifact(value)
    ]
    if output == "json":
        echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from levada.cli.run_table import Output  # noqa: PLC0415

    table = Table(box=None, pad_edge=False)
    for column in ("TASK", "OUTPUT", "TYPE", "DIGEST", "URI"):
        table.add_column(column, overflow="fold")
    for item in found:
        digest = (item.get("digest") or "").partition(":")[2][:12]
        table.add_row(*map(Text, (item["task"], item["output"], item.get("type") or "", digest, item["uri"])))
    Output().print(table if found else Text(f"{run} has made no artifacts yet"))


@click.command()
@click.argument("run")
@click.argument("task")
@click.argument("output")
@click.option(
    "-O", "--output-file", "target", metavar="PATH", help="Where to (- for stdout); the output's name if not given."
)
@where_options
def download(run: str, task: str, output: str, target: str | None, where: Where) -> None:
    """Fetch OUTPUT of TASK: a file, a folder, or the value of a parameter as text.

    TASK may be a nested pipeline. Of a list of artifacts there will be a folder with one for each: 0, 1 and so on.

    The content is checked against its digest and appears at PATH when it is complete. What stands there is never
    replaced.

    \b
    Examples:
      levada download flowers-1 train model -O model.joblib
      levada download flowers-1 train accuracy -O -      to stdout

    In a cluster it takes the right to read the namespace's store settings (the role `edit` has it, `view` has not).
    """  # noqa: D301
    with where.open() as runs:
        value = _find(runs.read(run), task, output)
        if target == "-":
            _print(runs, value)
            return
        path = Path(target or output.replace("/", "_"))
        if path.exists():
            raise CommandError(f"{path} exists already: choose another place with -O")
        _save(runs, value, path)
    echo(str(path), err=True)


def _save(runs: "Runs", value: Any, path: Path) -> None:
    if is_artifact(value):
        from levada.store.transfer import download as fetch  # noqa: PLC0415

        fetch(runs.stores(), value["uri"], path, digest=value.get("digest"))
    elif is_artifact_list(value):
        _save_list(runs, value, path)
    else:
        from levada.graph.types import as_text  # noqa: PLC0415

        path.write_text(as_text(value), encoding="utf-8")


def _save_list(runs: "Runs", values: list[Any], path: Path) -> None:
    """A folder for a list, as an `inputPath` has it; there is none until all of it is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent) as partial:
        whole = Path(partial) / "whole"
        whole.mkdir()
        for index, value in enumerate(values):
            _save(runs, value, whole / str(index))
        whole.rename(path)


def _print(runs: "Runs", value: Any) -> None:
    """A file's content on stdout, once it is complete and its digest is right."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        _save(runs, value, path)
        if path.is_dir():
            raise CommandError("the output is a folder: choose a place for it with -O")
        with path.open("rb") as content:
            shutil.copyfileobj(content, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def is_artifact(value: Any) -> bool:
    """Whether an output is a file or folder rather than a value; a Dict parameter may have a `uri` too, but no type."""
    return isinstance(value, dict) and "uri" in value and value.keys() <= {"uri", "digest", "type", "metadata"}


def is_artifact_list(value: Any) -> bool:
    """Whether an output is a list of artifacts, or of such lists: what loops made."""
    return (
        isinstance(value, list) and bool(value) and all(is_artifact(item) or is_artifact_list(item) for item in value)
    )


def _find(view: dict[str, Any], task: str, output: str) -> Any:
    from levada.frontend.mistakes import closest  # noqa: PLC0415

    by_path = {each["path"]: each for each in view["tasks"]}
    if task not in by_path:
        near = closest(task, by_path)
        raise CommandError(
            f"the run {view['name']!r} has no task {task!r}" + (f" (did you mean {near!r}?)" * bool(near))
        )
    outputs = by_path[task]["outputs"]
    if output not in outputs:
        stands = f"{task} is {by_path[task]['phase']}"
        has = f"it has {', '.join(outputs)}" if outputs else "it has none"
        inside = _inside(by_path, task, output)
        raise CommandError(f"the task {task!r} has no output {output!r}: {has} ({stands}){inside}")
    return outputs[output]


def _inside(by_path: dict[str, dict[str, Any]], group: str, output: str) -> str:
    """Where in a loop or nested pipeline there is such an output: a loop has none, and large ones are not recorded."""
    from levada.planner.no_log import SHOWN, is_group  # noqa: PLC0415

    found = [path for path, task in by_path.items() if output in task["outputs"] and is_group(group, [path])]
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"; in it these have one: {', '.join(found[:SHOWN])}{more}" if found else ""
