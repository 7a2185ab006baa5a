"""`levada validate`: every mistake in some files, before a cluster sees them."""

import click

from levada.cli.echo import echo
from levada.cli.exits import MistakesError, count, errors_document
from levada.cli.options import json_output


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@json_output
def validate(files: tuple[str, ...], output: str | None) -> None:
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
    from levada.cli.checking import read_files  # noqa: PLC0415

    given = read_files(files)
    if mistakes := given.check():
        raise MistakesError(mistakes, as_json=output == "json")
    if output == "json":
        echo(errors_document([]))
        return
    kinds = [item.kind for item in given.objects]
    echo(f"{', '.join(count(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))}: no mistake found")
