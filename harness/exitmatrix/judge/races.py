"""Cells in which several outcomes may be seen: by what was, and by what the laws allow. Pure."""

from __future__ import annotations

from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.verdict import expected
from exitmatrix.model import Frozen, Outcome, Record, Scenario
from exitmatrix.model.outcome_sets import allows, is_race


class Race(Frozen, kw_only=True):
    """A cell, and what is known of its outcomes."""

    record: Record
    between: tuple[str, ...]  # two events each, where a rule names them
    allowed: tuple[Outcome, ...]  # () where nothing is predicted

    @property
    def never_seen(self) -> tuple[Outcome, ...]:
        """What the laws allow, and no run showed."""
        seen = self.record.seen or self.record.outcomes
        return tuple(one for one in self.allowed if not any(allows((one,), has) for has in seen))


def race(record: Record, scenario: Scenario | None) -> Race | None:
    """A cell that is a race, in its record or by the rules; None for one that is none."""
    try:
        prediction = expected(record, scenario)
    except NotPredicted:
        found = Race(record=record, between=(), allowed=())
    else:
        between = prediction.races
        found = Race(record=record, between=between, allowed=prediction.outcomes)
    several = is_race(record.outcomes) or bool(found.between) or len(found.allowed) > 1
    return found if several else None
