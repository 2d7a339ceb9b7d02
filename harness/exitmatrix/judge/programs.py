"""What a program showed, compared with what the laws predict for it. Pure."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Literal

from msgspec.structs import replace

from exitmatrix.judge.profile import PARAMETERS, Parameter, Profile
from exitmatrix.judge.program import predict_program
from exitmatrix.judge.semantics.ask import NotPredicted
from exitmatrix.model import Frozen
from exitmatrix.model.execution import Foreseen, Seen
from exitmatrix.model.language import Code

ComparedWord = Literal["match", "mismatch", "withheld"]


class Compared(Frozen, kw_only=True):
    """One run against the laws."""

    word: ComparedWord
    foreseen: tuple[Seen, ...] = ()
    rules: tuple[str, ...] = ()
    question: str = ""  # that no law answers


@lru_cache(maxsize=256)
def foresee_program(code: Code, profile: Profile) -> Foreseen | str:
    """What the laws foresee, or the question that none answers; many Pythons have one profile."""
    try:
        return predict_program(code, profile)
    except NotPredicted as question:
        return str(question)


def compare_run(code: Code, profile: Profile, seen: Seen) -> Compared:
    """Whether the laws allow what was seen; withheld where no law was measured."""
    foreseen = foresee_program(code, profile)
    if isinstance(foreseen, str):
        return Compared(word="withheld", question=foreseen)
    return Compared(
        word="match" if seen in foreseen.seen else "mismatch",
        foreseen=foreseen.seen,
        rules=foreseen.rules,
    )


def responsible(code: Code, older: Profile, newer: Profile) -> tuple[Parameter, ...]:
    """The parameters for which a program shows something else on a newer Python.

    They are those that differ, and with whose older value the newer Python would show
    something else; or where no single one matters, those of which two together do. None
    where a question is withheld, or the laws foresee no difference.
    """
    shown = _seen(code, newer)
    if shown == _seen(code, older):
        return ()
    differing = [p for p in PARAMETERS if getattr(older, p.name) != getattr(newer, p.name)]
    for size in (1, 2):
        found = {
            one.name: one
            for some in combinations(differing, size)
            for one in some
            if _seen(code, replace(newer, **{p.name: getattr(older, p.name) for p in some}))
            != shown
        }
        if found:
            return tuple(found.values())
    return ()


def _seen(code: Code, profile: Profile) -> tuple[Seen, ...] | str:
    foreseen = foresee_program(code, profile)
    return foreseen if isinstance(foreseen, str) else foreseen.seen


def why(code: Code, older: Profile, newer: Profile) -> list[str]:
    """The responsible parameters as sentences, with their sources; or what is withheld."""
    for foreseen in (foresee_program(code, older), foresee_program(code, newer)):
        if isinstance(foreseen, str):
            return [f"withheld: {foreseen}"]
    return [
        f"{one.about}: {_word(getattr(older, one.name))}, then {_word(getattr(newer, one.name))}"
        f" ({one.source})"
        for one in responsible(code, older, newer)
    ]


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
