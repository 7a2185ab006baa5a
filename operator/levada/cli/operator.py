"""`levada operator`: the program of the operator's own Pod; not for people, so it is not listed."""

import runpy

import click


@click.command(hidden=True)
def operator() -> None:
    """Run the operator (inside the cluster, configured by the environment)."""
    # As `python -m levada.handlers`: the two programs share a file to be started with, and nothing else.
    runpy.run_module("levada.handlers", run_name="__main__", alter_sys=True)
