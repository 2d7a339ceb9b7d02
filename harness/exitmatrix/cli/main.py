"""The command: it assembles the commands, and imports one when it is called."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from exitmatrix.cli.errors import (
    INTERRUPTED,
    USAGE_ERROR,
    Failure,
    ignoring_signals_at_the_end,
    usage_failure,
)
from exitmatrix.cli.groups import CommandGroup
from exitmatrix.cli.restart import restart_unbent
from exitmatrix.cli.streams import guard_streams

NAME = "exitmatrix"

COMMANDS = {
    "tour": "Take a tour in a terminal: eight steps, about five minutes.",
    "run": "See whether your own program cleans up when it is stopped.",
    "matrix": "Measure cells and write the records, the verdicts and the report.",
    "races": "Provoke the rare outcomes of races, and add them to the records.",
    "check": "Measure again, and compare with the records.",
    "diff": "Compare two folders of records, two interpreters or two stacks.",
    "bisect": "Find the first release of a package that changed a cell's behaviour.",
    "explain": "Show what happens in a cell, in which order, why, and since when.",
    "answer": "Ask what happens to a program, in everyday words.",
    "claims": "Compare published claims about exit handlers with what was observed.",
    "site": "Write the answers as web pages, from the records.",
    "upstream": "Write draft reports for upstream trackers. None is sent.",
    "blog": "Watch kill -9 hit one of two processes, live.",
    "fuzz": "Run generated programs without the probe, and compare them with the laws.",
    "list": "List interpreters, stacks, scenarios, terminations, cells or claims.",
    "bench": "Compare the speed of the harness with that of plain processes.",
}
"""Each is `command` in the module of its name; the sentence is the first of its help."""


class Commands(CommandGroup):
    """Imports a command when it is called: `--help` and a fast command wait for no other."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002 - click's signature
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002
        **extra: Any,
    ) -> NoReturn:
        """Call the command that the words name; every failure is one line, and exits."""
        try:
            status = super().main(args, NAME, complete_var, standalone_mode=False, **extra)
        except click.UsageError as error:
            failure = usage_failure(error)
            failure.show()
            sys.exit(failure.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:  # by whoever first looks whether it is there
                raise
            Failure(f"{error.filename}: {str(error.strerror).lower()}", USAGE_ERROR).show()
            sys.exit(USAGE_ERROR)
        sys.exit(status if isinstance(status, int) else 0)

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


def call() -> None:
    """Call the command that the words of this process name."""
    restart_unbent()
    guard_streams()
    with ignoring_signals_at_the_end():
        main()


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 80,
        "color": True,  # click is not to strip what the guarded streams show
    },
)
@click.version_option(None, "-V", "--version", package_name="exitmatrix")
def main() -> None:
    """When a process ends this way, does my clean-up run?

    exitmatrix starts Python programs, ends each in many ways, and records which
    clean-up ran, in which process and in what order.

    \b
    Take a tour: eight commands, each with its output and one sentence.
        exitmatrix tour
    Try your own program: does it clean up when it is stopped?
        exitmatrix run -- python app.py
    Ask what happens, in your own words.
        exitmatrix answer "kubectl delete pod" gunicorn
    Read what happens in one cell of the matrix, and why.
        exitmatrix explain flask-debug/SIGKILL@child
    Measure the Pythons of this machine, and write reports/.
        exitmatrix matrix
    Measure some cells only.
        exitmatrix matrix --python 3.13 --scenario plain
    List the cells, and what is left out and why.
        exitmatrix list cells --scenario flask-debug --termination SIGKILL
    Measure again, and list what behaves differently.
        exitmatrix check
    Compare two Pythons.
        exitmatrix diff cpython-3.12.1 cpython-3.13.0
    Find the release that changed a server's behaviour.
        exitmatrix bisect uvicorn uvicorn/SIGTERM@main
    See whether a published claim is true.
        exitmatrix claims B7
    Watch kill -9 hit one of two processes, live.
        exitmatrix blog --victim parent

    Quote patterns with * and ?. Repeat an option to select more.
    """
