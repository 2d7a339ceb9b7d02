"""Figures as SVG: the order of events by process, and a strip of versions. Pure.

Colours are those of the page, by class; a figure says in its label what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from textwrap import wrap

from exitmatrix.report.document import Figure, Symbol

COLUMNS = {1: (250, 34)}
"""Pixels for a process and letters that a line of one holds, by the number of processes."""

NARROW = (165, 22)  # two of them fit on a phone
LINE = 19  # pixels from one line to the next
EDGE = 12

SQUARE = 60  # pixels of a version in a strip
NAME = 10  # characters of its name, each as wide as the others: 6 pixels
COLOURS = {
    Symbol.YES: "#1a7f37",
    Symbol.NO: "#b42318",
    Symbol.SOME: "#9a6700",
    Symbol.RACE: "#8250df",
    Symbol.ALIVE: "#0969da",
    Symbol.UNKNOWN: "#57606a",
}
"""Each has a contrast of at least 4.5 with white, which is the colour of the sign on it."""


def timeline_svg(figure: Figure) -> str:
    """A column for each process, time downwards, a signal as a line across."""
    column, letters = COLUMNS.get(len(figure.columns), NARROW)
    width = EDGE * 2 + column * len(figure.columns)
    texts: dict[tuple[int, str], list[str]] = {}  # of a column and a kind, by its place
    lines: dict[str, list[str]] = {"lane": [], "across": [], "signal": [], "dots": []}
    top = EDGE + LINE

    def write(left: int, words: str, kind: str) -> None:
        texts.setdefault((left, kind), []).append(f'<text y="{top}">{escape(words)}</text>')

    for place, name in enumerate(figure.columns):
        write(EDGE + place * column, name, "role")
    begin = top + 8
    top += LINE
    for role, what in figure.steps:
        if role:
            left = EDGE + figure.columns.index(role) * column
            for line in wrap(what, letters):
                top += LINE
                write(left + 14, line, "")
            lines["dots"].append(f"M{left + 4} {top - 4}h0")
        else:
            top += LINE + 6
            parts = wrap(what, letters * len(figure.columns))
            kind = "signal" if what.startswith("SIG") else "across"
            lines[kind].append(f"M{EDGE} {top + 5}H{width - EDGE}")
            for line in parts:
                write(EDGE, line, "event")
                top += LINE * (line != parts[-1])
            top += 6
    for place in range(len(figure.columns)):
        lines["lane"].append(f"M{EDGE + place * column + 4} {begin}V{top}")
    label = "; ".join(f"{role + ' ' if role else ''}{what}" for role, what in figure.steps)
    drawn = (f'<path class="{kind}" d="{"".join(some)}"/>' for kind, some in lines.items() if some)
    texts_drawn = (_at(left, kind, "".join(some)) for (left, kind), some in texts.items())
    return (
        f'<svg role="img" aria-label="{escape(label)}" width="{width}" height="{top + EDGE}">'
        f"{''.join(drawn)}{''.join(texts_drawn)}</svg>"
    )


def _at(left: int, kind: str, texts: str) -> str:
    """Texts of one kind below each other: their place and kind are told once."""
    named = f' class="{kind}"' if kind else ""
    return f'<g{named} transform="translate({left})">{texts}</g>'


def strip_svg(title: str, versions: Sequence[tuple[str, Symbol]]) -> str:
    """One row, a square for each version: to be shown on somebody's own page."""
    width = SQUARE * max(len(versions), 1)
    alike: dict[Symbol, list[str]] = {}
    for name, symbol in versions:
        alike.setdefault(symbol, []).append(name)
    states = "; ".join(
        f"{_WORDS[symbol]} ({_all_of(names) if len(alike) == 1 else ', '.join(names)})"
        for symbol, names in alike.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="36">'
        f"<title>{escape(f'{title}: {states}')}</title>{''.join(_squares(versions))}</svg>\n"
    )


def _all_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"all {len(names)}"


_WORDS = {
    Symbol.YES: "yes",
    Symbol.NO: "no",
    Symbol.SOME: "in part",
    Symbol.RACE: "sometimes",
    Symbol.ALIVE: "goes on",
    Symbol.UNKNOWN: "not known",
}


def _squares(versions: Sequence[tuple[str, Symbol]]) -> Iterator[str]:
    stretches: dict[Symbol, list[str]] = {}
    place = 0
    for symbol, some in groupby(symbol for _, symbol in versions):
        length = len([*some])
        stretches.setdefault(symbol, []).append(f"M{place * SQUARE} 18h{length * SQUARE - 2}")
        place += length
    yield f'<g stroke-width="36" stroke-dasharray="{SQUARE - 2} 2">'
    for symbol, drawn in stretches.items():
        yield f'<path stroke="{COLOURS[symbol]}" d="{"".join(drawn)}"/>'
    yield "</g>"
    signs = _spaced(symbol.value for _, symbol in versions)
    names = _spaced(name for name, _ in versions)
    # Whatever the font, each character has its tenth of a square.
    yield '<g fill="#fff" font-family="monospace" font-size="10">'
    for top, line in ((15, signs), (29, names)):
        wide = len(line) * SQUARE // NAME
        yield f'<text y="{top}" textLength="{wide}">{escape(line)}</text>'
    yield "</g>"


def _spaced(words: Iterable[str]) -> str:
    """Each in the middle of its square; every other space is one that no renderer collapses."""
    line = "".join(one.center(NAME) for one in words).rstrip()
    return re.sub("  ?", lambda found: "\N{NO-BREAK SPACE} "[: len(found[0])], line)
