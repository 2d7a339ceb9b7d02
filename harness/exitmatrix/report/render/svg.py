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
    label = f"{title}: {', '.join(f'{name} {_WORDS[symbol]}' for name, symbol in versions)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}"'
        f' width="{width}" height="36" viewBox="0 0 {width} 36">'
        f"<title>{escape(label)}</title>{''.join(_squares(versions))}</svg>\n"
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
    font = 'font-family="sans-serif" text-anchor="middle" fill="#fff"'
    edge = SQUARE - 2
    for place, (_, symbol) in enumerate(versions):
        box = f"M{place * SQUARE} 0h{edge}v36h-{edge}z"
        yield f'<path fill="{COLOURS[symbol]}" d="{box}"/>'
    for size, line, words in (
        (13, 15, [symbol.value for _, symbol in versions]),
        (10, 29, [name for name, _ in versions]),
    ):
        yield f'<g font-size="{size}" {font}>'
        for place, word in enumerate(words):
            middle = place * SQUARE + SQUARE // 2 - 1
            yield f'<text x="{middle}" y="{line}">{escape(word)}</text>'
        yield "</g>"
