"""`levada validate`: every mistake in some files, before a cluster sees them."""

import json
from typing import TYPE_CHECKING

import click

from levada.cli.exits import Exit
from levada.cli.options import json_output

if TYPE_CHECKING:  # for the others pydantic would be loaded, which `levada --help` has no use for
    from levada.frontend.documents import Located
    from levada.frontend.objects import Object


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@json_output
@click.pass_context
def validate(context: click.Context, files: tuple[str, ...], output: str | None) -> None:
    """Check Components, Pipelines and PipelineRuns together.

    FILE is a YAML or JSON file, a folder (with the folders in it) or - for stdin. References are looked up among all
    files given. Documents of other kinds are passed over.

    \b
    Examples:
      levada validate component.yaml pipeline.yaml run.yaml
      levada validate manifests/
      helm template chart/ | levada validate - -o json

    Ends with 0 if there is no mistake, with 2 if there is one.
    """  # noqa: D301
    objects, mistakes = check_files(files)
    if output == "json":
        click.echo(json.dumps({"errors": [_as_json(mistake) for mistake in mistakes]}, ensure_ascii=False, indent=2))
    elif mistakes:
        for mistake in mistakes:
            click.echo(str(mistake), err=True)
        click.echo(f"{_count(len(mistakes), 'mistake')} found", err=True)
    else:
        click.echo(f"{_summary(objects)}: no mistake found")
    context.exit(Exit.INVALID if mistakes else Exit.OK)


def check_files(files: tuple[str, ...]) -> "tuple[list[Object], list[Located]]":
    """The objects in `files`, and every mistake in them, file by file and from top to bottom."""
    from levada.cli.files import read_sources  # noqa: PLC0415
    from levada.frontend.documents import Located, read_documents  # noqa: PLC0415
    from levada.frontend.objects import check_objects, find_objects  # noqa: PLC0415

    objects: list[Object] = []
    mistakes: list[Located] = []
    order: dict[str, int] = {}
    for source in read_sources(files):
        order[source.name] = len(order)
        if isinstance(source.content, str):
            mistakes.append(Located(source.name, 1, "", source.content))
            continue
        documents, unreadable = read_documents(source.name, source.content)
        found, misplaced = find_objects(documents, strict=source.is_named)
        objects += found
        mistakes += unreadable + misplaced
    mistakes += check_objects(objects)
    if not objects and not mistakes:
        mistakes.append(Located(files[0], 1, "", "there is no Component, Pipeline or PipelineRun here"))
        order.setdefault(files[0], 0)
    return objects, sorted(dict.fromkeys(mistakes), key=lambda mistake: (order[mistake.file], mistake.line))


def _as_json(mistake: "Located") -> dict[str, str | int | None]:
    return {name: getattr(mistake, name) for name in ("file", "line", "path", "message", "suggestion")}


def _summary(objects: "list[Object]") -> str:
    kinds = [item.kind for item in objects]
    return ", ".join(_count(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("s" if number != 1 else "")
