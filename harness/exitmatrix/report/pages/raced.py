"""The page of races: which were seen whole, and what the laws allow that was never seen. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from exitmatrix.judge.races import RaceTally
from exitmatrix.report.document import Code, Section, inline, paragraph, table
from exitmatrix.report.render.markdown import markdown

NOT_COUNTED = "not counted"


def render(races: Sequence[RaceTally]) -> str:
    """The page as Markdown."""
    return markdown(page(races))


def page(races: Sequence[RaceTally]) -> Section:
    """What was seen and what is allowed, of each question over all that were asked it."""
    asked: defaultdict[str, list[RaceTally]] = defaultdict(list)
    for one in races:
        asked[one.question].append(one)
    unfinished = {key: some for key, some in asked.items() if any(one.never_seen for one in some)}
    whole = sum(not one.never_seen for one in races)
    return Section(
        "Races",
        (
            paragraph(
                "A cell is a race if its record holds several outcomes, or if the laws allow"
                " several. The laws allow all that was seen; otherwise the cell is a mismatch."
                f" {whole:,} of {len(races):,} races have shown all that the laws allow."
            ),
            paragraph(
                "For the others, the table lists how many outcomes are allowed but were never seen,"
                " and in how many runs. An outcome that none of n runs has shown has a probability"
                " below 3/n (at 95 %). Two numbers are the smallest and the largest among the"
                " cells that ask the same of several Pythons and releases."
            ),
            paragraph(
                inline(
                    Code("exitmatrix races --scenario NAME --termination ID"),
                    " names these outcomes, and tries to provoke them.",
                )
            ),
            table(
                ("question", "cells", "of these whole", "seen", "never seen", "runs"),
                [_row(key, unfinished[key]) for key in sorted(unfinished)],
            ),
        ),
    )


def _row(question: str, races: Sequence[RaceTally]) -> tuple[Code | str, ...]:
    unfinished = [one for one in races if one.never_seen]
    runs = [one.runs for one in unfinished]
    counted = _span(one for one in runs if one)
    return (
        Code(question),
        str(len(races)),
        str(len(races) - len(unfinished)),
        _span(one.seen for one in unfinished),
        _span(one.never_seen for one in unfinished),
        ", ".join(filter(None, (counted, NOT_COUNTED if None in runs else ""))),
    )


def _span(numbers: Iterable[int]) -> str:
    found = sorted(set(numbers))
    if not found:
        return ""
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"
