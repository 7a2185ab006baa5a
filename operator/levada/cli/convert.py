"""`levada convert`: compiled Kubeflow pipelines as native objects."""

from pathlib import Path

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError, MistakesError


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-O", "--output-file", "target", metavar="PATH", help="Where to write, instead of stdout.")
def convert(files: tuple[str, ...], target: str | None) -> None:
    """Print the Pipeline, and the Components it runs, that do what the compiled Kubeflow pipeline FILE does.

    FILE is what `kfp.compiler` wrote, a folder with such files, or - for stdin. What is printed is read again and
    compared with FILE: it runs with the same result, or is not printed.

    \b
    Examples:
      levada convert pipeline.yaml > flowers.yaml
      levada convert pipeline.yaml -O flowers.yaml && levada run --local flowers.yaml
      levada convert pipeline.yaml | kubectl apply --server-side -f -

    Ends with 2, and prints nothing, if a pipeline uses what cannot be said natively; it runs as it is all the same.
    """  # noqa: D301
    from levada.cli.files import read_sources  # noqa: PLC0415
    from levada.frontend.convert.documents import convert as to_native  # noqa: PLC0415
    from levada.frontend.documents import Located, read_documents  # noqa: PLC0415
    from levada.frontend.yaml_text import yaml_text  # noqa: PLC0415

    objects = []
    mistakes: list[Located] = []
    for source in read_sources(files):
        if isinstance(source.content, str):
            mistakes.append(Located(source.name, 1, "", source.content))
            continue
        documents, unreadable = read_documents(source.name, source.content)
        found, wrong = to_native(documents)
        mistakes += unreadable + wrong
        objects += found
        if not documents and not unreadable:
            mistakes.append(Located(source.name, 1, "", "the file is empty"))
    if mistakes:
        raise MistakesError(mistakes, as_json=False)
    names = [item["metadata"]["name"] for item in objects if item["kind"] == "Pipeline"]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise CommandError(f"several files hold a pipeline {twice!r}: convert them one by one")
    if target is None:
        echo(yaml_text(objects), nl=False)
    else:
        Path(target).write_text(yaml_text(objects), encoding="utf-8")
        echo(target)
