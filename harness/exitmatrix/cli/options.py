"""The options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Option = Callable[[Any], Any]


def _many(*names: str, text: str) -> Option:
    return click.option(*names, multiple=True, metavar="PATTERN", help=text)


def python(text: str) -> Option:
    """Which interpreters; `text` says what for."""
    return click.option("--python", multiple=True, metavar="PATTERN|PATH", help=text)


ONLY = "Only these interpreters: 3.13, pypy3.11, 'cpython-3.1*', or a path."
"""The usual text."""


def cells(command: Any) -> Any:
    """Which cells of an interpreter: five options, each of which may be given several times."""
    for option in (
        _many("--stack", text="Only these stacks."),
        _many("--target", text="Only these targets: a role, or group."),
        _many("--termination", text="Only these terminations."),
        _many(
            "--launcher",
            text="Only these launchers: sh, tini, 'dumb-init*'.  [default: direct for"
            " measuring, all for reading records]",
        ),
        _many("--scenario", text="Only these scenarios."),
    ):
        command = option(command)
    return command


def selection(command: Any) -> Any:
    """Which cells, and of which interpreters."""
    return python(ONLY)(cells(command))


jobs = click.option(
    "--jobs",
    default=None,
    type=click.IntRange(1, 512),
    help="Trials that may use the processor at the same time.  [default: one per core, plus one]",
)
progress = click.option(
    "--progress",
    default="auto",
    type=click.Choice(["auto", "rich", "plain", "none"]),
    show_default=True,
    help="How progress is shown on stderr.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def records(text: str) -> Option:
    """The folder of the records that are read, as `folder`; --output is its older name."""
    return click.option(
        "--records",
        "--output",
        "folder",
        default=None,
        type=click.Path(path_type=Path, file_okay=False),
        help=f"{text}  [default: reports, else those in the package]",
    )


records_only = click.option(
    "--records",
    default=None,
    type=click.Path(path_type=Path, file_okay=False),
    help="The records to read.  [default: reports, else those in the package]",
)


instead = click.option(
    "--with",
    "instead",
    multiple=True,
    metavar="REQUIREMENT|PATH",
    help="Install this instead of what a stack pins: 'werkzeug==2.3.7', ./checkout, x.whl.",
)


shard = click.option(
    "--shard",
    default=None,
    metavar="N/M",
    help="Only the Nth of M parts of about equal cost, such as 2/8.",
)


rules = click.option(
    "-v", "--verbose", "rules", is_flag=True, help="Also give the laws that explain it."
)


format = click.option(  # noqa: A001 - as the option is called
    "--format",
    "format",
    default="text",
    show_default=True,
    type=click.Choice(["text", "markdown"]),
    help="Use markdown for an issue tracker.",
)


def output(text: str) -> Option:
    """The folder that is written."""
    return click.option(
        "--output",
        default="reports",
        type=click.Path(path_type=Path, file_okay=False),
        show_default=True,
        help=text,
    )
