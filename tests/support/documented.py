"""The sentences of documentation, --help, reports and the pytest fixture that promise something."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
from exitmatrix import pytest_plugin
from exitmatrix.cli import testing
from exitmatrix.cli.main import main

ROOT = Path(__file__).parents[2]
FILES = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{name}.md" for name in ("matrix", "own-program", "how-it-works", "words")),
    "docs/generated-programs.md",
)
HELP = {f"exitmatrix {name} --help": name for name in main.list_commands(click.Context(main))}
"""The commands by what shows the help of each."""
REPORTS = "reports and pages"
"""What they say of themselves; what they say of cells and laws is computed from records."""

FIXTURE = "the pytest fixture"
PAGES = (*FILES, *HELP, REPORTS, FIXTURE)
PROMISING = re.compile(
    r"\b(never|nothing|always|cannot|nobody|no|none|every|any|whatever|at most)\b", re.IGNORECASE
)

WHOLE = re.compile(r"[A-Z][^<>]*\s[^<>]*[.:] ?", re.DOTALL)


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
    return [one for one in sentences(text_of(page)) if PROMISING.search(one)]


def text_of(page: str) -> str:
    """All that a page says, in paragraphs."""
    if page in HELP:
        return help_of(HELP[page])
    if page == REPORTS:
        return "\n\n".join(prose_of_reports())
    if page == FIXTURE:
        return "\n\n".join(docstrings(pytest_plugin, testing))
    return (ROOT / page).read_text(encoding="utf-8")


def prose_of_reports() -> Iterator[str]:
    """Whole sentences in the code of reports and pages; neither docstrings nor parts of them."""
    for folder in ("pages", "sections", "site"):
        for file in sorted((ROOT / "harness/exitmatrix/report" / folder).glob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            alone = {one.value for one in ast.walk(tree) if isinstance(one, ast.Expr)}
            for one in ast.walk(tree):
                text = one.value if isinstance(one, ast.Constant) and one not in alone else None
                if isinstance(text, str) and WHOLE.fullmatch(text):
                    yield text.strip()


def docstrings(*modules: ModuleType) -> Iterator[str]:
    """Of modules, and of what is public in their classes."""
    for module in modules:
        yield inspect.getdoc(module) or ""
        for one in vars(module).values():
            if inspect.isclass(one) and one.__module__ == module.__name__:
                yield inspect.getdoc(one) or ""
                public = (each for name, each in vars(one).items() if not name.startswith("_"))
                yield from (inspect.getdoc(each) or "" for each in public)


def help_of(name: str) -> str:
    """What a command says of itself and of its options: a paragraph each, without examples."""
    command = main.get_command(click.Context(main), name)
    assert command
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    options = [one.help or "" for one in command.params if isinstance(one, click.Option)]
    return "\n\n".join(one for one in [*paragraphs, *options] if not one.startswith("\b"))
