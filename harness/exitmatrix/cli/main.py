"""The command: it assembles the commands, and imports one when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from exitmatrix.cli.errors import ignoring_signals_at_the_end
from exitmatrix.cli.streams import protect_streams

COMMANDS = {
    "run": "Does the clean-up of your own program run when it is ended?",
    "matrix": "Measure cells and write the records, the verdicts and the report.",
    "check": "Measure again, and compare with what is on record.",
    "diff": "Compare two folders of observations, or two interpreters.",
    "explain": "Say what happens in a cell, in which order, why, and since which version.",
    "claims": "Judge what was published about exit handlers by what was observed.",
    "blog": "Watch the experiment with the two pids, live.",
    "list": "List what there is: interpreters, scenarios, terminations, cells.",
    "bench": "Compare the speed of the harness with that of bare processes.",
}
"""Each is `command` in the module of its name; the sentence is the first of its help."""


class Commands(click.Group):
    """Imports a command when it is called: `--help` and a fast command wait for no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order in which they are listed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"exitmatrix.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def entry() -> None:
    """The console script."""
    with ignoring_signals_at_the_end():
        main()


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}
)
@click.version_option(None, "-V", "--version", package_name="exitmatrix")
def main() -> None:
    """When a process ends this way, does my clean-up run?

    exitmatrix starts small Python programs, ends each in many ways, and records
    which atexit handlers ran, in which process and in what order.

    \b
      exitmatrix run -- python app.py          your own program
      exitmatrix matrix                        measure everything, write reports/
      exitmatrix matrix --python 'cpython-3.1*' --scenario plain
      exitmatrix list cells --scenario flask-debug --termination SIGKILL
      exitmatrix check                         measure again: what changed?
      exitmatrix diff cpython-3.12.1 cpython-3.13.0
      exitmatrix explain flask-debug/SIGKILL@child
      exitmatrix claims                        are published claims true?
      exitmatrix blog --victim parent          watch kill -9 to one of two pids

    Patterns take * and ?; quote them. An option given twice means either.
    """
    protect_streams()
