"""The smallest programs that tell neighbouring Pythons apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from exitmatrix.cli.programs import Pythons, show_all, smallest
from exitmatrix.cli.streams import say
from exitmatrix.declare.shrink import weight
from exitmatrix.declare.statements import kinds
from exitmatrix.machine.bare.session import Session
from exitmatrix.machine.store.records import describe
from exitmatrix.model import Interpreter
from exitmatrix.model.boundary import Boundary
from exitmatrix.model.execution import Seen
from exitmatrix.model.language import Code
from exitmatrix.model.versions import in_order, python_of

CONFIRMED = 10
"""Runs on each side of a boundary that have to agree: what differs by chance is a race."""
MOST = 6
"""Reasons that are looked for, of each pair."""


def neighbours(pythons: Pythons) -> list[tuple[Interpreter, Interpreter]]:
    """The pairs of `adjacent`."""
    pairs = adjacent({id: describe(one) for id, one in pythons.items()})
    return [(pythons[left], pythons[right]) for left, right in pairs]


def adjacent(abouts: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Pairs next to each other by release and built alike; and a release with its debug build."""
    order = in_order(python_of(id, about) for id, about in abouts.items())
    pairs = [pair for pair in pairwise(order) if pair[0].family == pair[1].family]
    pairs += [
        (release, debug)
        for release in order
        for debug in order
        if (release.family, debug.family) == ("cpython", "debug")
        and release.version == debug.version
    ]
    return [(left.id, right.id) for left, right in pairs]


def find(
    shown: Iterable[tuple[Code, Mapping[str, Seen]]],
    known: Iterable[Boundary],
    pythons: Pythons,
    session: Session,
) -> Iterator[Boundary]:
    """For each pair the smallest programs that tell its sides apart for different reasons.

    A program that holds all that a boundary of its pair consists of, by kind and
    place, differs for that reason; the smallest of the others leads to the next one.
    """
    all_shown = list(shown)
    for left, right in neighbours(pythons):
        say(f"boundaries between {left.id} and {right.id}")
        reasons = [kinds(one.program) for one in known if _pair(one) == (left.id, right.id)]
        differ = [
            code
            for code, by_python in all_shown
            if left.id in by_python
            and right.id in by_python
            and by_python[left.id] != by_python[right.id]
        ]
        for _ in range(MOST):
            differ = [code for code in differ if not any(one <= kinds(code) for one in reasons)]
            if not differ:
                break
            first = min(differ, key=weight)
            small = smallest(first, {left.id: left, right.id: right}, _differs, session)
            if boundary := confirm(small, left, right, session):
                yield boundary
                reasons.append(kinds(small))
            else:
                reasons.append(kinds(first))


def _pair(one: Boundary) -> tuple[str, str]:
    return one.left, one.right


def _differs(_code: Code, shown: Mapping[str, Seen]) -> bool:
    return len(set(shown.values())) > 1


def confirm(code: Code, left: Interpreter, right: Interpreter, session: Session) -> Boundary | None:
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
