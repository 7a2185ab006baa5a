"""`levada get`: how a run stands."""

import json

import click

from levada.cli.options import cluster_options, json_output


@click.command()
@click.argument("run")
@click.option("-n", "--namespace", metavar="NAME", help="Namespace of the run, instead of the context's.")
@json_output
@cluster_options
def get(run: str, namespace: str | None, output: str | None, kubeconfig: str | None, context: str | None) -> None:
    """Show how RUN stands: its phase, tasks and outputs.

    \b
    Examples:
      levada get flowers-1
      levada get flowers-1 -n research -o json | jq .outputs

    Ends with 0 whatever the run's phase, with 2 if there is no such run, with 4 if the cluster cannot be reached.
    """  # noqa: D301
    from levada.cli.cluster import current_namespace, with_cluster  # noqa: PLC0415
    from levada.cli.run_record import read_run  # noqa: PLC0415

    where = namespace or current_namespace(kubeconfig, context)
    view = with_cluster(lambda api: read_run(api, where, run), kubeconfig, context)
    if output == "json":
        click.echo(json.dumps(view, ensure_ascii=False, indent=2))
    else:
        from levada.cli.run_table import print_run  # noqa: PLC0415

        print_run(view)
