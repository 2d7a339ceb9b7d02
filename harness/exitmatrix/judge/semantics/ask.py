"""The laws, asked along all ways through one program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from msgspec.structs import replace

from exitmatrix.judge.laws.law import Effect, Facts, Law, Topic
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.watched import Remembered, recall
from exitmatrix.model.language import Code

MOST = 8192
"""Facts of which is remembered what the laws made of them."""

NOBODY = cast(Profile, None)
"""Stands for the Python in facts that are compared whatever the Python."""


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
    announces: bool = True  # whether each function tells of itself by a system call
    used: dict[str, None] = field(default_factory=dict)
    races: dict[str, None] = field(default_factory=dict)
    _known: Callable[[Topic, Facts], Remembered[tuple[Law, tuple[Effect, ...]]]] = field(init=False)

    def __post_init__(self) -> None:
        self._known = _memory(self.laws)

    def __call__(self, about: Topic, facts: Facts) -> tuple[Effect, ...]:
        """The effects of the law that holds. Raises NotPredicted and AmbiguousLaws."""

        def answer(profile: Profile) -> tuple[Law, tuple[Effect, ...]]:
            return _answer(self.laws, about, replace(facts, profile=profile))

        known = self._known(about, replace(facts, profile=NOBODY))
        law, effects = recall(known, self.profile, answer)
        self.used[law.id] = None
        if law.race:
            self.races[law.race] = None
        return effects


def _answer(laws: tuple[Law, ...], about: Topic, facts: Facts) -> tuple[Law, tuple[Effect, ...]]:
    """The law that holds, and its effects. Raises NotPredicted and AmbiguousLaws."""
    holding = [law for law in laws if law.about == about and law.when(facts)]
    if not holding:
        raise NotPredicted(f"no law says what happens: {about}, {_what(about, facts)}")
    if len(holding) > 1:
        raise AmbiguousLaws(f"{about}: {', '.join(law.id for law in holding)}")
    effect = holding[0].then(facts)
    return holding[0], effect if isinstance(effect, tuple) else (effect,)


@lru_cache(maxsize=16)
def _memory(
    laws: tuple[Law, ...],
) -> Callable[[Topic, Facts], Remembered[tuple[Law, tuple[Effect, ...]]]]:
    """What laws have answered, by question and facts."""
    del laws  # the key: one memory for each

    @lru_cache(maxsize=MOST)
    def known(about: Topic, facts: Facts) -> Remembered[tuple[Law, tuple[Effect, ...]]]:
        del about, facts
        return []

    return known


def _what(about: Topic, facts: Facts) -> str:
    if about == "statement":
        statement = type(facts.statement).__name__
        where = "main thread" if facts.in_main else "other thread"
        when = ", after the end of the code" if facts.finalizing else ""
        return f"{statement} in the {where}{when}"
    return facts.signal or facts.exception or "nothing raised"
