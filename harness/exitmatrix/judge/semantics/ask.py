"""The laws, asked along all ways through one program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from exitmatrix.judge.laws.law import Effect, Facts, Law, Question
from exitmatrix.judge.profile import Profile
from exitmatrix.model.language import Code


class NotPredicted(Exception):
    """No law answers a question that came up, or the program is too long; says which."""


class AmbiguousLaws(Exception):
    """Two laws answer one question: a mistake in the laws."""


@dataclass
class Ask:
    """A program, a Python, and the laws by what they are about; notes which were used."""

    laws: tuple[Law, ...]
    code: Code
    profile: Profile
    ordered: bool = True  # whether the order matters in which processes write
    used: dict[str, None] = field(default_factory=dict)
    races: dict[str, None] = field(default_factory=dict)
    _by_question: Mapping[Question, Sequence[Law]] = field(init=False)
    _answered: dict[tuple[Question, Facts], tuple[Effect, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_question = _laws_about(self.laws)

    def __call__(self, about: Question, facts: Facts) -> tuple[Effect, ...]:
        """The effects of the law that holds. Raises NotPredicted and AmbiguousLaws."""
        known = self._answered.get((about, facts))
        if known is not None:
            return known  # another way through the program has come to the same question
        holding = [law for law in self._by_question.get(about, ()) if law.when(facts)]
        if not holding:
            raise NotPredicted(f"no law says what happens: {about}, {_what(about, facts)}")
        if len(holding) > 1:
            raise AmbiguousLaws(f"{about}: {', '.join(law.id for law in holding)}")
        law = holding[0]
        self.used[law.id] = None
        if law.race:
            self.races[law.race] = None
        effect = law.then(facts)
        effects = effect if isinstance(effect, tuple) else (effect,)
        self._answered[about, facts] = effects
        return effects


@lru_cache(maxsize=16)
def _laws_about(laws: tuple[Law, ...]) -> Mapping[Question, Sequence[Law]]:
    """The laws by what they are about."""
    by_question: dict[Question, list[Law]] = {}
    for law in laws:
        by_question.setdefault(law.about, []).append(law)
    return by_question


def _what(about: Question, facts: Facts) -> str:
    if about == "statement":
        told = type(facts.statement).__name__
        where = "main thread" if facts.in_main else "other thread"
        when = ", after the end of the code" if facts.finalizing else ""
        return f"{told} in the {where}{when}"
    return facts.signal or facts.exception or "nothing raised"
