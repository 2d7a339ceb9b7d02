"""Cells in which several outcomes may be seen: by what was, and by what the laws allow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.verdict import brief, expected, judge_each
from exitmatrix.model import Frozen, Judgement, Outcome, Prediction, Record, Scenario
from exitmatrix.model.outcome_sets import allows, is_race


class RacyCell(Frozen, kw_only=True):
    """A cell, and what is known of its outcomes."""

    record: Record
    between: tuple[str, ...]  # two events each, where a law names them
    allowed: tuple[Outcome, ...]  # () where nothing is predicted

    @property
    def never_seen(self) -> tuple[Outcome, ...]:
        """What the laws allow, and no run showed."""
        seen = self.record.seen or self.record.outcomes
        return tuple(one for one in self.allowed if not any(allows((one,), has) for has in seen))


def race(record: Record, scenario: Scenario | None) -> RacyCell | None:
    """A cell that is a race, in its record or by the laws; None for one that is none."""
    try:
        return race_of(record, expected(record, scenario))
    except NotPredicted:
        return race_of(record, None)


def race_of(record: Record, prediction: Prediction | None) -> RacyCell | None:
    """As `race`, for a prediction that was made already."""
    found = RacyCell(
        record=record,
        between=prediction.races if prediction else (),
        allowed=prediction.outcomes if prediction else (),
    )
    several = is_race(record.outcomes) or bool(found.between) or len(found.allowed) > 1
    return found if several else None


def is_raced(record: Record, scenario: Scenario | None, shown: Outcome) -> bool:
    """Whether the laws know of a race in a cell, and allow this outcome of it."""
    try:
        allowed = expected(record, scenario)
    except NotPredicted:
        return False
    return bool(allowed.races) and allows(allowed.outcomes, shown)


class RaceTally(Frozen, kw_only=True):
    """How much of a race was seen."""

    question: str
    seen: int
    never_seen: int
    runs: int | None


def tally(race: RacyCell) -> RaceTally:
    """The numbers of a race."""
    return RaceTally(
        question=str(race.record.question),
        seen=len(race.record.seen or race.record.outcomes),
        never_seen=len(race.never_seen),
        runs=race.record.runs,
    )


Judged = tuple[Judgement, RaceTally | None]


def judge_races(
    records: Mapping[str, Iterable[Record]], scenarios: Mapping[str, Scenario]
) -> dict[tuple[str, str], Judged]:
    """As `judge_all`, with the numbers of those that are races."""
    judged = {}
    for key, record, judgement in judge_each(records, scenarios):
        found = race_of(record, judgement.prediction)
        judged[key] = brief(judgement), tally(found) if found else None
    return judged
