"""An observation against a prediction."""

from __future__ import annotations

from typing import Literal

from exitmatrix.model.base import Frozen
from exitmatrix.model.outcome import Outcome

VerdictWord = Literal["match", "mismatch", "unpredicted", "unknown", "skipped"]


class Prediction(Frozen, kw_only=True):
    """What the laws allow for a cell."""

    outcomes: tuple[Outcome, ...]  # `cut`: a killed process may have got less far than this
    rules: tuple[str, ...]  # ids of those that were used, in the order in which they were asked
    races: tuple[str, ...] = ()  # where several outcomes are allowed: between which two events


class Verdict(Frozen, kw_only=True):
    """One line of reports/verdicts.jsonl."""

    cell: str
    verdict: VerdictWord
    rules: tuple[str, ...]
    racy: bool


class Judgement(Frozen, kw_only=True):
    """A verdict, and what it rests on."""

    verdict: Verdict
    prediction: Prediction | None = None  # None: no law covers it, or one failed
    why: str = ""  # one sentence, where the verdict is not `match`
