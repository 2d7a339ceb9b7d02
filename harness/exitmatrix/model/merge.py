"""Two records of one cell, from two files: whether they agree, and the one record they are. Pure.

Two machines see different parts of a race, so sets that share an outcome agree,
and what both saw together is the observation. Nothing else is merged: of two
that share nothing, or that were measured with other packages, neither can be
chosen without hiding the other.
"""

from __future__ import annotations

from msgspec.structs import replace

from exitmatrix.model import Record
from exitmatrix.model.outcome_sets import equal, join, outcome_stages, union


def agreed(one: Record, other: Record) -> Record | None:
    """The record that two are together; None when they disagree."""
    if one.packages != other.packages or one.interpreter != other.interpreter:
        return None
    both = (one.outcomes, other.outcomes)
    if all(both) and not any(join(a, b) for a in one.outcomes for b in other.outcomes):
        return None
    outcomes = union((*one.outcomes, *other.outcomes))
    # The day on which the whole set was known: the first, if one of them had seen all of it.
    whole = [record.since for record in (one, other) if equal(record.outcomes, outcomes)]
    return replace(
        one,
        outcomes=outcomes,
        since=min(whole) if whole else max(one.since, other.since),
        unknown=tuple(sorted({*one.unknown, *other.unknown})),
        seen=outcome_stages(
            (*(one.seen or one.outcomes), *(other.seen or other.outcomes)), outcomes
        ),
        runs=(one.runs + other.runs) if one.runs and other.runs else None,
    )
