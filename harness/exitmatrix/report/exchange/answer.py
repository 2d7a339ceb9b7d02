"""An answer in everyday words, as `answer --json` prints it."""

from __future__ import annotations

from exitmatrix.model import Frozen
from exitmatrix.report.exchange import JSON_VERSION
from exitmatrix.report.exchange.cells import CellDocument


class AskedFor(Frozen, kw_only=True, omit_defaults=False):
    """What the words were taken for."""

    situation: str  # its id; "" where the words are no situation
    scenario: str  # "" for a program that is not measured
    launcher: str
    says: str  # what happens to the program, or what the words stand for


class AnswerDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `answer --json` prints."""

    format: int = JSON_VERSION
    asked: AskedFor
    cell: CellDocument | None  # the newest that was measured; null where there is none
    why_no_cell: str = ""
    remedies: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()  # for `exitmatrix explain`: cells of every version
    asks: tuple[tuple[str, ...], ...] = ()  # for `exitmatrix answer`: what to ask for instead
    threads: tuple[str, ...] = ()  # addresses of public threads that ask this
    run: str  # the command for a program of one's own
