"""What was seen of races, and what the laws allow that was not: for a terminal. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from exitmatrix.judge.races import RacyCell
from exitmatrix.report.pages.changes import count
from exitmatrix.report.sentences import sentences

WIDTH = 79


def race_lines(races: Sequence[RacyCell], runs: int) -> Iterator[str]:
    """One paragraph for each cell, and how many show all that is allowed; `runs` is for each."""
    whole = 0
    for one in races:
        record, never = one.record, one.never_seen
        whole += not never
        yield f"{record.cell}: {count(len(record.outcomes), 'outcome')}"
        if one.between:
            yield from _filled(f"between {'; and between '.join(one.between)}")
        for outcome in never:
            yield from _filled(f"allowed, and never seen: {sentences(outcome)}")
    yield (
        f"{whole} of {count(len(races), 'race')} showed all that the laws allow,"
        f" {count(runs, 'run')} each this time"
    )


def _filled(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
