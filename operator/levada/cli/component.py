"""`levada component`: components that were written for Kubeflow as Components."""

from pathlib import Path

import click

from levada.cli.echo import echo
from levada.cli.exits import CommandError, MistakesError
from levada.cli.files import STDIN


@click.group()
def component() -> None:
    """Take over components that were written for Kubeflow.

    \b
    Examples:
      levada component import component.yaml > train.yaml
    """  # noqa: D301


@component.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--name", metavar="NAME", help="What the Component is called, instead of the name in FILE.")
def import_(files: tuple[str, ...], name: str | None) -> None:
    """Print the Component that Kubeflow's component FILE describes, as YAML.

    FILE is a component.yaml, or what `kfp.compiler` wrote of one component; a folder with such files, or - for stdin.
    Names are made such as objects may have: `Train model` becomes `train-model`.

    \b
    Examples:
      levada component import component.yaml > train.yaml
      levada component import component.yaml --name train | kubectl apply -f -
      levada component import components/ > all.yaml

    Ends with 2, and prints nothing, if a component uses what Levada does not have.
    """  # noqa: D301
    from levada.cli.files import read_sources  # noqa: PLC0415
    from levada.frontend.component_files import component_object, import_components  # noqa: PLC0415
    from levada.frontend.documents import Located, read_documents  # noqa: PLC0415
    from levada.frontend.kfp.files import object_name  # noqa: PLC0415
    from levada.frontend.yaml_text import yaml_text  # noqa: PLC0415

    if name is not None and object_name(name) != name:
        likely = f"; {object_name(name)!r} would do" if object_name(name) else ""
        raise CommandError(f"--name: {name!r} cannot be the name of an object{likely}")
    found = []
    mistakes: list[Located] = []
    for source in read_sources(files):
        if isinstance(source.content, str):
            mistakes.append(Located(source.name, 1, "", source.content))
            continue
        documents, unreadable = read_documents(source.name, source.content)
        components, wrong = import_components(documents, name or _of_file(source.name))
        mistakes += unreadable + wrong
        found += components
        if not documents and not unreadable:
            mistakes.append(Located(source.name, 1, "", "the file is empty"))
    if mistakes:
        raise MistakesError(mistakes, as_json=False)
    if name is not None:
        if len(found) > 1:
            raise CommandError(f"--name goes with one component, and there are {len(found)}")
        found = [component_object(name, item["spec"]) for item in found]
    echo(yaml_text(found), nl=False)


def _of_file(name: str) -> str:
    """`train` for `train.yaml`, and for a `component.yaml` the name of its folder."""
    if name == STDIN or name.startswith("<"):
        return ""
    path = Path(name).absolute()
    return path.parent.name if path.stem == "component" else path.stem
