"""Predictions that rest on the same parameters are made once. Pure, as far as anybody can tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import cast

from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Prediction, Program, Termination

MOST = 4096
"""Questions that are remembered, each with the answers that differ by a parameter."""

Question = tuple[Program, Termination, str, tuple[Law, ...], object]
Answer = tuple[dict[str, object], Prediction | NotPredicted]


class Watched:
    """A profile that notes which of its parameters were asked for."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.read: dict[str, object] = {}

    def __getattr__(self, name: str) -> object:
        """The parameter."""
        value: object = getattr(self.profile, name)
        self.read[name] = value
        return value


@lru_cache(maxsize=MOST)
def _answers(question: Question) -> list[Answer]:
    del question  # the key: one list for each
    return []


def remembered(
    question: Question, profile: Profile, predict: Callable[[Profile], Prediction]
) -> Prediction:
    """The prediction: an earlier one, where that asked for nothing in which the two differ.

    Raises NotPredicted.
    """
    answers = _answers(question)
    for parameters, answer in answers:
        if all(getattr(profile, name) == value for name, value in parameters.items()):
            return _give(answer)
    watched = Watched(profile)
    told: Prediction | NotPredicted
    try:
        told = predict(cast(Profile, watched))
    except NotPredicted as error:
        told = error
    answers.append((watched.read, told))
    return _give(told)


def _give(answer: Prediction | NotPredicted) -> Prediction:
    if isinstance(answer, NotPredicted):
        raise NotPredicted(str(answer))
    return answer
