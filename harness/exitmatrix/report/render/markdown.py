"""A document as Markdown, as GitHub shows it. Pure.

Everything that programs and machines said is escaped here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from exitmatrix.report.document import (
    Block,
    Code,
    Emphasis,
    Figure,
    Inline,
    Item,
    Link,
    Listing,
    NoteMark,
    Paragraph,
    Points,
    Quote,
    Section,
    Strong,
    Symbol,
    Table,
)
from exitmatrix.report.render.text import figure_lines

_SPECIAL = re.compile(r"([\\`*\[\]|~]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9]))")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_AS_CODE = re.compile(r"[\w ./#@+=,()*-]+", re.ASCII)


def markdown(page: Section) -> str:
    """The page, whose title is its first heading."""
    return "\n".join(_section(page, 1)) + "\n"


def markdown_words(words: Inline) -> str:
    """Words of one line, also within a table."""
    match words:
        case str():
            return _text(words)
        case tuple():
            return "".join(markdown_words(span) for span in words)
        case Symbol():
            return words.value
        case Code():
            return _code(words.text)
        case NoteMark():
            return f"[{words.number}]"
        case Strong():
            return f"**{markdown_words(words.words)}**"
        case Emphasis():
            return f"*{markdown_words(words.words)}*"
        case Link():
            return f"[{markdown_words(words.words)}]({words.target})"


def _text(words: str) -> str:
    """Text on one line, without what Markdown, HTML or a terminal would make something of."""
    escaped = _SPECIAL.sub(r"\\\1", _one_line(words))
    return "".join(_HTML.get(c, c) for c in escaped)


def _one_line(words: str) -> str:
    """Printable, and with single spaces; those at the ends part it from its neighbours."""
    shown = "".join(c if c.isprintable() else " " for c in words)
    return re.sub(r" +", " ", shown)


def _code(text: str) -> str:
    """As code, where it has nothing that code within a table cannot hold."""
    return f"`{text}`" if _AS_CODE.fullmatch(text) and text == text.strip() else _text(text)


def _section(section: Section, level: int) -> Iterator[str]:
    yield f"{'#' * level} {markdown_words(section.title)}"
    for block in section.blocks:
        yield ""
        if isinstance(block, Section):
            yield from _section(block, level + 1)
        else:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield from map(markdown_words, block.lines)
        case Points():
            for number, item in enumerate(block.items, 1):
                yield from _item(item, f"{number}. " if block.numbered else "- ", "")
        case Table():
            rows = [[*map(markdown_words, row)] for row in (block.head, *block.rows)]
            rows.insert(1, ["---"] * len(block.head))
            yield from ("| " + " | ".join(row) + " |" for row in rows)
        case Listing():
            yield f"```{block.language}"
            yield from block.lines
            yield "```"
        case Figure():
            yield "```text"
            yield from figure_lines(block)
            yield "```"
        case Quote():
            yield f"> {markdown_words(block.words)}"


def _item(item: Item, mark: str, indent: str) -> Iterator[str]:
    for number, line in enumerate(item.lines):
        yield f"{indent}{' ' * len(mark) if number else mark}{markdown_words(line)}"
    for below in item.below:
        yield from _item(below, "- ", indent + " " * len(mark))
