"""`levada graph`: a picture of a pipeline, or of a run as it stands."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from levada.cli.echo import echo
from levada.cli.exits import MistakesError
from levada.cli.files import STDIN, SUFFIXES
from levada.cli.options import where_options
from levada.cli.where import Where

if TYPE_CHECKING:
    from levada.pictures.picture import Picture


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="FILE...|RUN")
@click.option(
    "-o",
    "--output",
    "output",
    type=click.Choice(["mermaid", "dot", "svg"]),
    help="Format; by the file's name if not given, else mermaid.",
)
@click.option("-O", "--output-file", "target", metavar="PATH", help="Write it there instead of stdout.")
@where_options
def graph(what: tuple[str, ...], output: str | None, target: str | None, where: Where) -> None:
    """Draw a pipeline from its files, or RUN with the state of each task in colour.

    What ends in .yaml, .yml or .json or exists as a file or folder is a FILE, anything else is a RUN.

    \b
    Examples:
      levada graph pipeline.yaml components.yaml
      levada graph manifests/ -O pipeline.svg
      levada graph flowers-1 -o svg > flowers-1.svg
    """  # noqa: D301
    picture = _of_files(what) if _are_files(what) else _of_run(what[0], where)
    text = _drawn(picture, output or _by_suffix(target), " ".join(what))
    if target is None:
        echo(text, nl=False)
    else:
        Path(target).write_text(text, encoding="utf-8")
        echo(target, err=True)


def _are_files(what: tuple[str, ...]) -> bool:
    def is_file(name: str) -> bool:
        return name == STDIN or Path(name).suffix.lower() in SUFFIXES or Path(name).exists()

    return len(what) > 1 or is_file(what[0])


def _of_files(files: tuple[str, ...]) -> "Picture":
    from levada.cli.checking import read_files  # noqa: PLC0415
    from levada.cli.chosen import choose  # noqa: PLC0415
    from levada.frontend.kfp.pipelines import COMPILED  # noqa: PLC0415
    from levada.frontend.native import build_graph  # noqa: PLC0415
    from levada.pictures.picture import picture_of  # noqa: PLC0415

    given = read_files(files)
    if mistakes := given.check():
        raise MistakesError(mistakes, as_json=False)
    pipelines = [item for item in given.objects if item.kind == "Pipeline"]
    runs = [item for item in given.objects if item.kind == "PipelineRun"]
    # Several runs of one pipeline have one picture.
    chosen = choose(pipelines if len(pipelines) == 1 and len(runs) != 1 else given.objects, None)
    spec = chosen.run.spec
    pipeline = {COMPILED: spec[COMPILED]} if COMPILED in spec else spec.get("pipelineSpec")
    if pipeline is None:
        name = spec["pipelineRef"]["name"]
        pipeline = next(item.spec for item in pipelines if item.name == name)
    components = {item.name: item.spec for item in given.objects if item.kind == "Component"}
    return picture_of(build_graph(pipeline, {item.name: item.spec for item in pipelines}, components))


def _of_run(name: str, where: Where) -> "Picture":
    from levada.pictures.picture import picture_of  # noqa: PLC0415

    with where.open() as runs:
        phases = {task["path"]: task["phase"] for task in runs.read(name)["tasks"]}
        return picture_of(runs.graph(name), phases)


def _by_suffix(target: str | None) -> str:
    suffix = Path(target).suffix.lower() if target else ""
    return {".svg": "svg", ".dot": "dot", ".gv": "dot"}.get(suffix, "mermaid")


def _drawn(picture: "Picture", output: str, title: str) -> str:
    if output == "svg":
        from levada.pictures.svg import svg  # noqa: PLC0415

        return svg(picture, title)
    if output == "dot":
        from levada.pictures.dot import dot  # noqa: PLC0415

        return dot(picture)
    from levada.pictures.mermaid import mermaid  # noqa: PLC0415

    return mermaid(picture)
