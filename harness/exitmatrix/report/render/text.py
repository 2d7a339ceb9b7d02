"""A document as text for a terminal: 80 columns, no colours, no control characters. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from exitmatrix.report.document import (
    Block,
    Figure,
    Inline,
    Item,
    Listing,
    Paragraph,
    Points,
    Quote,
    Section,
    Table,
    plain,
)

WIDTH = 80
GAP = 2  # between the columns of a table
NARROW = 8  # the least width that a column is given while others are wider


def text(section: Section) -> str:
    """The section, with its title on the first line."""
    return "\n".join(_section(section)) + "\n"


def fill(words: Inline, first: str = "", more: str | None = None) -> list[str]:
    """Words in lines of 80 columns; `first` stands before the first line, `more` before others."""
    return wrap(
        _printable(plain(words)),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if more is None else more,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(words: str) -> str:
    """The text without characters that a terminal would act on."""
    return "".join(c if c.isprintable() else " " for c in words)


def _section(section: Section) -> Iterator[str]:
    yield from fill(section.title)
    for block in section.blocks:
        yield ""
        yield from _section(block) if isinstance(block, Section) else _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            yield from fill(" ".join(map(plain, block.lines)))
        case Points():
            for number, item in enumerate(block.items, 1):
                yield from _item(item, f"{number}. " if block.numbered else "- ", "")
        case Table():
            yield from _table([block.head, *block.rows])
        case Listing():
            yield from (f"    {line}".rstrip() for line in block.lines)
        case Figure():
            yield from figure_lines(block)
        case Quote():
            yield from fill(block.words, "  | ")
        case Section():
            yield from _section(block)


def figure_lines(figure: Figure) -> list[str]:
    """The columns beside each other; what happens between processes is a line across.

    Where there are too many for that, each line says whose it is.
    """
    columns = figure.columns
    width = (WIDTH - GAP * len(columns)) // len(columns)
    lines = []
    if max(map(len, columns)) > width:
        for role, what in figure.steps:
            words = f"{role}: {what}" if role else f"--- {what}"
            lines += fill(words, " " * GAP, " " * 3 * GAP)
        return lines
    if len(columns) > 1:
        lines.append("".join(" " * GAP + one.ljust(width) for one in columns).rstrip())
    for role, what in figure.steps:
        if role:
            before = " " * (GAP + columns.index(role) * (width + GAP))
            lines += [before + line for line in wrap(what, width)]
        else:
            *first, last = fill(f"--- {what}", " " * GAP)
            whole = not first and len(last) < WIDTH - GAP
            lines += [*first, f"{last} ".ljust(WIDTH - GAP, "-") if whole else last]
    return lines


def _item(item: Item, mark: str, indent: str) -> Iterator[str]:
    below = indent + " " * len(mark)
    yield from fill(" ".join(map(plain, item.lines)), indent + mark, below)
    for one in item.below:
        yield from _item(one, "- ", below)


def _table(rows: Sequence[Sequence[Inline]]) -> Iterator[str]:
    """Columns side by side; where a line would be too long, the widest ones are wrapped."""
    cells = [
        ["".join(c if c.isprintable() else " " for c in plain(one)) for one in row] for row in rows
    ]
    widths = column_widths([max(map(len, column)) for column in zip(*cells, strict=True)])
    for number, row in enumerate(cells):
        yield from _lines(row, widths)
        if number == 0:
            yield (" " * GAP).join("-" * width for width in widths)


def column_widths(wanted: Iterable[int]) -> list[int]:
    """The widths of columns that fit into a line together: the widest give way first."""
    widths = [max(width, 1) for width in wanted]
    room = WIDTH - GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROW:
        widths[widths.index(max(widths))] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    wrapped = [
        wrap(cell, width, break_on_hyphens=False) for cell, width in zip(row, widths, strict=True)
    ]
    for parts in zip_longest(*wrapped, fillvalue=""):
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield (" " * GAP).join(padded).rstrip()
