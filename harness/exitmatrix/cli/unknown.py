"""Fail where too little was seen: it must not look like agreement."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.cli.errors import HARNESS_FAILED, Failure
from exitmatrix.cli.streams import say
from exitmatrix.report.pages.changes import count

MOST_UNKNOWN = 100  # one cell in so many may be unknown
SHOWN = 10


def fail_if_unknown(unknown: Sequence[tuple[str, Sequence[str]]], cells: int) -> None:
    """Tell the first of the cells that are unknown, with reasons; fail if they are too many."""
    for cell, reasons in unknown[:SHOWN]:
        say(f"unknown: {cell}: {'; '.join(reasons)}")
    if len(unknown) * MOST_UNKNOWN > cells:
        raise Failure(
            f"{len(unknown)} of {count(cells, 'cell')} are unknown, more than one in a hundred",
            HARNESS_FAILED,
        )


def fail_if_broken(scenarios: int, others: str) -> None:
    """Fail if scenarios were in error; `others` says what became of the rest."""
    if scenarios:
        number = count(scenarios, "scenario")
        raise Failure(f"{number} in error, see above; the others {others}", HARNESS_FAILED)
