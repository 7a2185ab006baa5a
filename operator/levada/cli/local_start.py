"""Starting a run on this machine."""

from collections.abc import Sequence
from dataclasses import replace

from levada.cli.checking import Given
from levada.cli.chosen import choose, with_parameters
from levada.cli.echo import echo
from levada.cli.exits import MistakesError
from levada.cli.progress import progress
from levada.cli.run_view import View
from levada.local.engine import Definition, Runner, run_local
from levada.local.opening import NAMESPACE


def run_here(  # the parts of the command line
    given: Given,
    name: str | None,
    parameters: Sequence[str],
    *,
    namespace: str | None,
    parallelism: int | None,
    runner: Runner,
    as_json: bool,
) -> View:
    """Run what the files hold, here; how it stands when it is over.

    Raises
    ------
    MistakesError
        With every mistake in the files. Here a Component that is in none of them is one: there is nothing to wait for.
    """
    chosen = with_parameters(choose(given.objects, name), parameters)
    place = namespace or chosen.run.namespace or NAMESPACE
    run, *others = (replace(item, namespace=place) for item in (chosen.run, *chosen.others))
    if mistakes := given.check([*others, run]):
        raise MistakesError(mistakes, as_json=as_json)
    definition = Definition(
        run.name,
        place,
        run.spec,
        {item.name: item.spec for item in others if item.kind == "Pipeline"},
        {item.name: item.spec for item in others if item.kind == "Component"},
    )
    try:
        with progress() as shown:
            return run_local(
                definition, parallelism=parallelism, runner=runner, observer=shown.show, notice=shown.notice
            )
    except KeyboardInterrupt:
        echo(f"\nthe same command with --name {run.name} goes on with it", err=True)
        raise
