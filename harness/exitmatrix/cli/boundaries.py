"""The smallest programs that tell neighbouring Pythons apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from exitmatrix.cli.programs import Pythons, profiles_of, show_all, smallest
from exitmatrix.cli.streams import say
from exitmatrix.declare.shrink import weight
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.programs import foresee_program, responsible
from exitmatrix.machine.bare.session import BareSession
from exitmatrix.machine.store.records import describe
from exitmatrix.model import Interpreter
from exitmatrix.model.boundary import Boundary
from exitmatrix.model.execution import Foreseen, Seen
from exitmatrix.model.language import Code
from exitmatrix.model.versions import adjacent

CONFIRMED = 10
"""Runs on each side of a boundary that have to agree: what differs by chance is a race."""
UNEXPLAINED = "no reason that the laws know"


def neighbours(pythons: Pythons) -> list[tuple[Interpreter, Interpreter]]:
    """The pairs of `adjacent`, as interpreters."""
    pairs = adjacent({id: describe(one) for id, one in pythons.items()})
    return [(pythons[left], pythons[right]) for left, right in pairs]


def find_boundaries(
    shown: Iterable[tuple[Code, Mapping[str, Seen]]],
    known: Iterable[Boundary],
    pythons: Pythons,
    session: BareSession,
) -> Iterator[Boundary]:
    """For each pair, and each reason that the laws know, the smallest program that tells it apart.

    And one for which they know none: where they are right, there is no such program.
    """
    all_shown = list(shown)
    profiles = profiles_of(pythons)
    for left, right in neighbours(pythons):
        say(f"boundaries between {left.id} and {right.id}")
        pair = _Pair(left, right, profiles[left.id], profiles[right.id])
        done: set[str] = set()
        for one in known:
            if (one.left, one.right) == (left.id, right.id):
                done |= pair.reasons(one.program)
        for code in sorted(pair.told_apart(all_shown), key=weight):
            if not (new := pair.reasons(code) - done):
                continue
            small = smallest(code, pair.sides, partial(pair.differs_for, new), session)
            done |= pair.reasons(small)
            if boundary := confirm(small, left, right, session):
                yield boundary


@dataclass(frozen=True)
class _Pair:
    left: Interpreter
    right: Interpreter
    older: Profile
    newer: Profile

    @property
    def sides(self) -> Pythons:
        return {self.left.id: self.left, self.right.id: self.right}

    def told_apart(self, shown: Iterable[tuple[Code, Mapping[str, Seen]]]) -> Iterator[Code]:
        """The programs that showed something else on either side, as the laws foresee.

        Not by a race, and not where the laws withhold a question.
        """
        for code, by_python in shown:
            sides = [by_python.get(id) for id in self.sides]
            if None not in sides and sides[0] != sides[1] and self._is_foreseen(code):
                yield code

    def _is_foreseen(self, code: Code) -> bool:
        both = foresee_program(code, self.older), foresee_program(code, self.newer)
        return all(isinstance(one, Foreseen) and len(one.seen) == 1 for one in both)

    def reasons(self, code: Code) -> set[str]:
        """The parameters for which a program differs here."""
        return {one.name for one in responsible(code, self.older, self.newer)} or {UNEXPLAINED}

    def differs_for(self, reasons: set[str], code: Code, shown: Mapping[str, Seen]) -> bool:
        """Whether a program tells the sides apart for one of these reasons."""
        return len(set(shown.values())) > 1 and bool(self.reasons(code) & reasons)


def confirm(
    code: Code, left: Interpreter, right: Interpreter, session: BareSession
) -> Boundary | None:
    """The boundary that a program shows again and again; None where it is a race."""
    pair = {left.id: left, right.id: right}
    results = [shown for _, shown in show_all(iter([code] * CONFIRMED), pair, session)]
    sides = [{shown.get(id) for shown in results} for id in pair]
    if any(len(side) != 1 or None in side for side in sides) or sides[0] == sides[1]:
        return None
    before, after = (side.pop() for side in sides)
    assert before
    assert after
    return Boundary(
        left=left.id, right=right.id, program=code, shows=(before, after), runs=CONFIRMED
    )
