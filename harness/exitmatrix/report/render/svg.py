"""Figures as SVG: who did what after what, and a strip of versions. Pure.

Colours are those of the page, by class; a figure says in its label what it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap

from exitmatrix.report.document import Figure, Symbol

COLUMN = 250  # pixels for a process
LETTERS = 34  # that a line of one holds
LINE = 19  # pixels from one line to the next
EDGE = 12

SQUARE = 46  # pixels of a version in a strip
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
    width = EDGE * 2 + COLUMN * len(figure.columns)
    body: list[str] = []
    dots: list[str] = []
    top = EDGE + LINE
    for place, name in enumerate(figure.columns):
        body.append(_text(EDGE + place * COLUMN, top, name, "role"))
    begin = top + 8
    top += LINE
    for who, what in figure.steps:
        if who:
            left = EDGE + figure.columns.index(who) * COLUMN
            for line in wrap(what, LETTERS):
                top += LINE
                body.append(_text(left + 14, top, line))
            dots.append(f"M{left + 4} {top - 4}h0")
        else:
            top += LINE + 6
            lines = wrap(what, LETTERS * len(figure.columns))
            kind = "signal" if what.startswith("SIG") else "across"
            body.append(f'<path class="{kind}" d="M{EDGE} {top + 5}H{width - EDGE}"/>')
            for line in lines:
                body.append(_text(EDGE, top, line, "event"))
                top += LINE * (line != lines[-1])
            top += 6
    lanes = (
        f'<path class="lane" d="M{EDGE + place * COLUMN + 4} {begin}V{top}"/>'
        for place in range(len(figure.columns))
    )
    label = "; ".join(f"{who + ' ' if who else ''}{what}" for who, what in figure.steps)
    return (
        f'<svg class="timeline" role="img" aria-label="{escape(label)}" width="{width}"'
        f' height="{top + EDGE}" viewBox="0 0 {width} {top + EDGE}">'
        f'{"".join(lanes)}<path class="dots" d="{"".join(dots)}"/>{"".join(body)}</svg>'
    )


def _text(left: int, top: int, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{left}" y="{top}">{escape(words)}</text>'


def strip_svg(title: str, versions: Sequence[tuple[str, Symbol]]) -> str:
    """One row, a square for each version: to be shown on somebody's own page."""
    width = SQUARE * max(len(versions), 1)
    alike: dict[Symbol, list[str]] = {}
    for name, symbol in versions:
        alike.setdefault(symbol, []).append(name)
    told = "; ".join(f"{_WORDS[symbol]} on {', '.join(names)}" for symbol, names in alike.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="36">'
        f"<title>{escape(f'{title}: {told}')}</title>{''.join(_squares(versions))}</svg>\n"
    )


_WORDS = {
    Symbol.YES: "yes",
    Symbol.NO: "no",
    Symbol.SOME: "in part",
    Symbol.RACE: "sometimes",
    Symbol.ALIVE: "goes on",
    Symbol.UNKNOWN: "not known",
}


def _squares(versions: Sequence[tuple[str, Symbol]]) -> Iterator[str]:
    boxes: dict[Symbol, list[str]] = {}
    for place, (_, symbol) in enumerate(versions):
        boxes.setdefault(symbol, []).append(f"M{place * SQUARE} 18h{SQUARE - 2}")
    for symbol, some in boxes.items():
        yield f'<path stroke="{COLOURS[symbol]}" stroke-width="36" d="{"".join(some)}"/>'
    middles = [str(place * SQUARE + SQUARE // 2 - 1) for place in range(len(versions))]
    signs = "".join(symbol.value for _, symbol in versions)
    yield '<g font-size="10" font-family="sans-serif" text-anchor="middle" fill="#fff">'
    yield f'<text font-size="13" y="15" x="{" ".join(middles)}">{signs}</text>'  # each at its place
    yield '<text y="29">'
    for middle, (name, _) in zip(middles, versions, strict=True):
        yield f'<tspan x="{middle}">{escape(name)}</tspan>'
    yield "</text></g>"
