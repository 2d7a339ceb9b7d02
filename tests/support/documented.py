"""The sentences of the documentation and of --help that promise something."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from exitmatrix.cli.main import main

ROOT = Path(__file__).parents[2]
FILES = ("README.md", "docs/matrix.md", "docs/own-program.md", "docs/how-it-works.md")
HELP = {f"exitmatrix {name} --help": name for name in main.list_commands(click.Context(main))}
"""The commands by what shows the help of each."""
PAGES = (*FILES, *HELP)
PROMISING = re.compile(
    r"\b(never|nothing|always|cannot|nobody|no|none|every|any|whatever|at most)\b", re.IGNORECASE
)


def sentences(text: str) -> Iterator[str]:
    """Of paragraphs and items; not of tables, headings, comments and listings."""
    text = re.sub(r"<!--.*?-->|```.*?```", "", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.startswith(("    ", "|", "#"))]
    for paragraph in re.split(r"\n\s*\n|\n(?= *- )", "\n".join(lines)):
        words = " ".join(paragraph.split()).removeprefix("- ")
        if words:
            yield from re.split(r"(?<=[.!?:])\s+(?=[A-Z`*\[])", words)


def promises(page: str) -> list[str]:
    """The sentences of a page in which one of the words stands."""
    text = help_of(HELP[page]) if page in HELP else (ROOT / page).read_text(encoding="utf-8")
    return [one for one in sentences(text) if PROMISING.search(one)]


def help_of(name: str) -> str:
    """What a command says of itself and of its options: a paragraph each, without examples."""
    command = main.get_command(click.Context(main), name)
    assert command
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    options = [one.help or "" for one in command.params if isinstance(one, click.Option)]
    return "\n\n".join(one for one in [*paragraphs, *options] if not one.startswith("\b"))
