"""A cache: predictions that rest on the same parameters are made once. Pure for its callers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from exitmatrix.judge import watched
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.judge.watched import Remembered
from exitmatrix.model import Prediction, Program, Termination

MOST = 4096
"""Questions that are remembered, each with the answers that differ by a parameter."""

MemoryKey = tuple[Program, Termination, str, tuple[Law, ...], object]
Predicted = Prediction | NotPredicted


@lru_cache(maxsize=MOST)
def _known(question: MemoryKey) -> Remembered[Predicted]:
    del question  # the key: one list for each
    return []


def remembered_prediction(
    question: MemoryKey, profile: Profile, predict: Callable[[Profile], Prediction]
) -> Prediction:
    """The prediction, or an earlier one that would be the same. Raises NotPredicted."""

    def answer(profile: Profile) -> Predicted:
        try:
            return predict(profile)
        except NotPredicted as error:
            return error

    found = watched.recall(_known(question), profile, answer)
    if isinstance(found, NotPredicted):
        raise NotPredicted(str(found))
    return found
