"""The `levada` command, also `kubectl levada`. Commands import what they need when they run: `--help` is quick."""

import sys
from pathlib import Path

import click

from levada import __version__
from levada.cli.approve import approve
from levada.cli.artifacts import artifacts, download
from levada.cli.cache import cache
from levada.cli.component import component
from levada.cli.convert import convert
from levada.cli.echo import echo
from levada.cli.exits import CommandError, Exit
from levada.cli.get import get, watch
from levada.cli.graph import graph
from levada.cli.logs import logs
from levada.cli.operator import operator
from levada.cli.plan import plan
from levada.cli.report import compare, report
from levada.cli.rerun import rerun
from levada.cli.run import run
from levada.cli.steer import cancel, resume, suspend
from levada.cli.uninstall import uninstall
from levada.cli.validate import validate

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
COMMANDS = (
    *(run, validate, plan, graph, get, watch, logs, cancel, suspend, resume, approve, rerun),
    *(report, compare, artifacts, download, cache, component, convert, uninstall, operator),
)


class InOrder(click.Group):
    """A group that lists its commands as they were added: what is used most comes first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # the signature is click's
        """The names in that order."""
        return list(self.commands)


@click.group(
    cls=InOrder,
    context_settings=CONTEXT,
    epilog="`levada COMMAND --help` shows what a command takes, with examples.",
)
@click.version_option(__version__, message="levada %(version)s")
def levada() -> None:
    """Machine-learning pipelines on Kubernetes, or on this machine.

    \b
    Examples:
      levada run --local pipeline.yaml          run it here, as processes
      levada run run.yaml -p epochs=20          run it in the cluster and follow it
      levada get flowers-1 -n research          how a run stands, task by task
      levada report flowers-1 -O report.html    everything about it on one page
    """  # noqa: D301  # \b is click's mark for text that is not to be rewrapped


for command in COMMANDS:
    levada.add_command(command)


def main() -> None:
    """Run the command line and end with the exit codes that scripts rely on."""
    name = "kubectl levada" if Path(sys.argv[0]).name.startswith("kubectl") else "levada"
    stdout = sys.stdout
    try:
        code = levada(standalone_mode=False, prog_name=name) or 0
    except click.ClickException as error:
        code = _show(error)
    except (click.Abort, KeyboardInterrupt):
        echo("interrupted", err=True)
        code = Exit.INTERRUPTED
    except SystemExit as ended:
        # Where whoever read our output (`| head`) has seen enough, click puts a quiet stdout in place and ends with 1.
        code = ended.code if sys.stdout is stdout else Exit.OK
    except Exception as error:
        from levada.cli.failures import explain  # noqa: PLC0415

        explained = explain(error)
        if explained is None:
            raise
        code = _show(explained)
    sys.exit(code)


def _show(error: click.ClickException) -> int:
    error.show()
    return error.code if isinstance(error, CommandError) else error.exit_code


if __name__ == "__main__":
    main()
