"""Which cells a user's words name. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from fnmatch import translate

from exitmatrix.model import CellId
from exitmatrix.plan.cells import NothingMatches

SEPARATORS = ("/", "@")  # between the words of an id
NEAREST = 3


def find_cells(words: str, cells: Sequence[CellId]) -> list[CellId]:
    """The cells that an id, a pattern or a part of an id names.

    Whole words of an id count before parts of words: `plain/SIGTERM` names no cell
    of `SIGTERM-then-SIGKILL`. Raises NothingMatches, with what is nearest.
    """
    if not words.strip():
        raise NothingMatches("an empty text names no cell; '*' names all")
    named = [(str(cell), cell) for cell in cells]
    for expression in (_whole(words), _whole_words(words), _part(words)):
        found = [cell for id, cell in named if id == words or expression.match(id)]
        if found:
            return found
    near = ", ".join(nearest_cells(words, cells))
    raise NothingMatches(f"no cell matches '{words}'" + (f"; nearest: {near}" if near else ""))


def nearest_cells(words: str, cells: Sequence[CellId]) -> list[str]:
    """What somebody may have meant: as much of an id as was given."""
    given = words.count(SEPARATORS[0]) + 1
    known = sorted({cell.tail(given) for cell in cells})
    return difflib.get_close_matches(words, known, n=NEAREST, cutoff=0.0)


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(translate(words))


def _whole_words(words: str) -> re.Pattern[str]:
    before = ("", *(f"*{separator}" for separator in SEPARATORS))
    after = ("", *(f"{separator}*" for separator in SEPARATORS))
    return re.compile("|".join(translate(f"{a}{words}{b}") for a in before for b in after))


def _part(words: str) -> re.Pattern[str]:
    return re.compile(translate(f"*{words}*"))
