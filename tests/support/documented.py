"""The sentences of the documentation that promise something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/matrix.md", "docs/own-program.md", "docs/how-it-works.md")
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
    text = (ROOT / page).read_text(encoding="utf-8")
    return [one for one in sentences(text) if PROMISING.search(one)]
