"""`levada operator`: the program of the operator's own Pod; not for people, so it is not listed."""

import click


@click.command(hidden=True)
def operator() -> None:
    """Run the operator (inside the cluster, configured by the environment)."""
    from levada.handlers.__main__ import main  # noqa: PLC0415  # the whole operator: only when it is asked for

    main()
