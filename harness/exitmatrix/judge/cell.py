"""The outcomes that the laws allow for a cell. Pure."""

from __future__ import annotations

from functools import partial

from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.memory import remembered_prediction
from exitmatrix.judge.outcome import outcome_of
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import Ask
from exitmatrix.judge.semantics.explore import outcomes
from exitmatrix.judge.start import Below, code_of, first_moment
from exitmatrix.model import Prediction, Program, Termination
from exitmatrix.model.outcome_sets import union

MOST = 8000
"""Moments of a cell that are looked at: a signal below a launcher may come at any of them. A
generated program may have fewer (MOST_MOMENTS), as there are so many of them."""


def predict(
    program: Program,
    termination: Termination,
    target: str,
    profile: Profile,
    laws: tuple[Law, ...] = LAWS,
    below: Below | None = None,
) -> Prediction:
    """All that the laws allow, as one set. Raises NotPredicted."""
    question = program, termination, target, laws, below
    return remembered_prediction(question, profile, partial(_predict, *question))


def _predict(
    program: Program,
    termination: Termination,
    target: str,
    laws: tuple[Law, ...],
    below: Below | None,
    profile: Profile,
) -> Prediction:
    ask = Ask(laws, code_of(program, target), profile, ordered=False, announces=False)
    first = first_moment(program, termination, target, below)
    allowed = union(
        outcome_of(end, program, termination, target, ask) for end in outcomes(first, ask, MOST)
    )
    open_end = len(allowed) > 1 or any(one.cut or one.answer == "either" for one in allowed)
    races = tuple(ask.races) if open_end else ()
    return Prediction(outcomes=allowed, rules=tuple(ask.used), races=races)
