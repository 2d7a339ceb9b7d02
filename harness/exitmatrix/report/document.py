"""A report as data: sections, tables, lists, and the words in them.

What a page says is decided here and in `sections/`, without a format. `render/` makes
Markdown, text for a terminal or HTML of it, and is the only place that escapes.
A plain `str` is text, whatever characters it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TypeAlias

from exitmatrix.model import Frozen


class Symbol(Enum):
    """A sign that answers at a glance; never the only thing that says so."""

    YES = "✓"
    NO = "✗"
    SOME = "◐"
    ALIVE = "●"
    RACE = "≈"
    UNKNOWN = "?"


class Code(Frozen):
    """An id, a command, a name of a program."""

    text: str


class Strong(Frozen):
    """What must not be overlooked."""

    words: Inline


class Emphasis(Frozen):
    """A word that is meant as this word."""

    words: Inline


class Link(Frozen):
    """Words that lead to a heading of the same page (`#name`) or to a file beside it."""

    words: Inline
    target: str


class NoteMark(Frozen):
    """The number of a note, where the note is about."""

    number: int


InlinePart: TypeAlias = str | Symbol | Code | Strong | Emphasis | Link | NoteMark
Inline: TypeAlias = InlinePart | tuple[InlinePart, ...]
"""Words on one line. Equal words are equal values: `inline` makes them so."""


def inline(*parts: Inline) -> Inline:
    """Parts one after the other: nothing nested, no empty text, neighbouring texts as one."""
    spans: list[InlinePart] = []
    for part in parts:
        for span in part if isinstance(part, tuple) else (part,):
            if span == "":
                continue
            last = spans[-1] if spans else None
            if isinstance(span, str) and isinstance(last, str):
                spans[-1] = last + span
            else:
                spans.append(span)
    if not spans:
        return ""
    return spans[0] if len(spans) == 1 else tuple(spans)


def joined(between: str, parts: Iterable[Inline]) -> Inline:
    """Parts with a text between them; parts that are empty are left out."""
    spans: list[Inline] = []
    for part in parts:
        if part:
            spans += [between, part] if spans else [part]
    return inline(*spans)


def codes(many: Iterable[str]) -> Inline:
    """Ids, one after the other."""
    return joined(", ", (Code(one) for one in many))


def plain(words: Inline) -> str:
    """The words alone, for sorting, measuring and terminals."""
    match words:
        case str():
            return words
        case tuple():
            return "".join(plain(span) for span in words)
        case Symbol():
            return words.value
        case Code():
            return words.text
        case NoteMark():
            return f"[{words.number}]"
        case Strong() | Emphasis() | Link():
            return plain(words.words)


def anchor(title: Inline) -> str:
    """The name by which a heading is linked to, as GitHub makes it.

    Source: TableOfContentsFilter of https://github.com/gjtorikian/html-pipeline.
    """
    kept = (c for c in plain(title).lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")


# --------------------------------------------------------------------- blocks


class Paragraph(Frozen):
    """A paragraph, in the lines in which it was written; a renderer may fill them anew."""

    lines: tuple[Inline, ...]


class Item(Frozen):
    """A point of a list, the lines it has, and the points below it."""

    lines: tuple[Inline, ...]
    below: tuple[Item, ...] = ()
    name: str = ""  # by which it is linked to, where a format can


class Points(Frozen):
    """A list."""

    items: tuple[Item, ...]
    numbered: bool = False


class Table(Frozen):
    """A table. Every row is as long as the head."""

    head: tuple[Inline, ...]
    rows: tuple[tuple[Inline, ...], ...]


class Listing(Frozen):
    """A program, a command or a figure: lines that stay as they are."""

    language: str  # python, bash, text
    lines: tuple[str, ...]


class Figure(Frozen):
    """What processes did, one after the other: a column for each, time downwards."""

    columns: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    """A column and what happens there; "" and what happens between the processes."""


class Quote(Frozen):
    """What somebody else said."""

    words: Inline


class Section(Frozen):
    """A heading, and what stands below it, sections too."""

    title: Inline
    blocks: tuple[Block, ...]
    name: str = ""  # by which it is linked to, where a format can; else that of its title


Block: TypeAlias = Paragraph | Points | Table | Listing | Figure | Quote | Section
Row: TypeAlias = tuple[Inline, ...]


def paragraph(*lines: Inline) -> Paragraph:
    """A paragraph of these lines."""
    return Paragraph(lines)


def contents(sections: Iterable[Section]) -> Points:
    """A list of links to sections."""
    return points(Link(one.title, f"#{anchor(one.title)}") for one in sections)


def points(items: Iterable[Inline | Item], *, numbered: bool = False) -> Points:
    """A list of these."""
    made = tuple(one if isinstance(one, Item) else Item((one,)) for one in items)
    return Points(made, numbered)


def table(head: Sequence[Inline], rows: Iterable[Row]) -> Table:
    """A table without the columns that say nothing in any row; the first one always stays."""
    body = list(rows)
    kept = [
        place
        for place in range(len(head))
        if place == 0 or any(plain(row[place]).strip() for row in body)
    ]
    return Table(
        tuple(head[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in body),
    )
