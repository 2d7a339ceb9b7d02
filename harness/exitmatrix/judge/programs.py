"""What a program showed against what the rules foresee for it. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from msgspec.structs import replace

from exitmatrix.judge.laws import LAWS_BY_ID
from exitmatrix.judge.profile import PARAMETERS, Profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Frozen
from exitmatrix.model.execution import Foreseen, Seen
from exitmatrix.model.language import Code

Word = Literal["match", "mismatch", "withheld"]


class Compared(Frozen, kw_only=True):
    """One run against the rules."""

    word: Word
    foreseen: tuple[Seen, ...] = ()
    rules: tuple[str, ...] = ()
    question: str = ""  # that no rule answers


@lru_cache(maxsize=256)
def foresee(code: Code, profile: Profile) -> Foreseen | str:
    """What the laws foresee, or the question that none answers; many Pythons have one profile."""
    try:
        return predict_program(code, profile)
    except NotPredicted as question:
        return str(question)


def compare(code: Code, profile: Profile, seen: Seen) -> Compared:
    """Whether the laws allow what was seen; withheld where no law was measured."""
    foreseen = foresee(code, profile)
    if isinstance(foreseen, str):
        return Compared(word="withheld", question=foreseen)
    return Compared(
        word="match" if seen in foreseen.seen else "mismatch",
        foreseen=foreseen.seen,
        rules=foreseen.rules,
    )


def differing_laws(code: Code, older: Profile, newer: Profile) -> list[str]:
    """Why a program shows something else on another Python: parameters, then laws, as sentences.

    Of the parameters that differ, those without which both would foresee the same.
    """
    both = foresee(code, older), foresee(code, newer)
    if isinstance(both[0], str) or isinstance(both[1], str):
        return []
    told = [
        f"{one.about}: {getattr(older, one.name)}, then {getattr(newer, one.name)} ({one.source})"
        for one in PARAMETERS
        if getattr(older, one.name) != getattr(newer, one.name)
        and foresee(code, replace(newer, **{one.name: getattr(older, one.name)})) != both[1]
    ]
    laws = [
        id for id in both[0].rules + both[1].rules if (id in both[0].rules) != (id in both[1].rules)
    ]
    return told + [f"{LAWS_BY_ID[id].because} ({LAWS_BY_ID[id].source})" for id in laws]
