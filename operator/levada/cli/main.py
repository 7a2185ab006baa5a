"""The `levada` command, also `kubectl levada`. Commands import what they need when they run: `--help` is quick."""

import sys
from pathlib import Path

import click

from levada import __version__
from levada.cli.exits import CommandError, Exit
from levada.cli.get import get
from levada.cli.operator import operator
from levada.cli.uninstall import uninstall
from levada.cli.validate import validate

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT, epilog="`levada COMMAND --help` shows what a command takes, with examples.")
@click.version_option(__version__, message="levada %(version)s")
def levada() -> None:
    """Machine-learning pipelines on Kubernetes.

    \b
    Examples:
      levada validate pipeline.yaml run.yaml    find every mistake before the cluster does
      levada get flowers-1 -n research          how a run stands, task by task
    """  # noqa: D301  # \b is click's mark for text that is not to be rewrapped


for command in (validate, get, uninstall, operator):
    levada.add_command(command)


def main() -> None:
    """Run the command line and end with the exit codes that scripts rely on."""
    name = "kubectl levada" if Path(sys.argv[0]).name.startswith("kubectl") else "levada"
    try:
        code = levada(standalone_mode=False, prog_name=name)
    except CommandError as error:
        error.show()
        code = error.code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output (`| head`) has seen enough; Python would complain again while it closes stdout.
        sys.stdout = None
        code = 0
    sys.exit(code)


if __name__ == "__main__":
    main()
