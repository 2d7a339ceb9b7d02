"""What the laws foresee for a program of the small language. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.change import BEFORE
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    MainCode,
    ProcessState,
    Thread,
)
from exitmatrix.judge.semantics.step import steps
from exitmatrix.model.execution import Execution, Exit, Foreseen, Seen
from exitmatrix.model.language import Code

MOST_MOMENTS = 5000
"""Moments that are looked at; a program that has more is not predicted."""


def predict_program(
    code: Code, profile: Profile, *, before: int = 0, laws: Sequence[Law] = LAWS
) -> Foreseen:
    """All that a bare run of a program may show on a Python.

    `before` is the number of handlers that are registered before the program's first
    line, by what an environment imports at the start.

    Raises NotPredicted where no law answers a question that comes up, where the
    program waits for ever, and where it takes too many steps.
    """
    ask = Ask(laws, code, profile)
    first = Configuration((_start(code, before),))
    found, todo, ends = {first}, [first], []
    while todo:
        now = todo.pop()
        if all(one.exit is not None for one in now.processes):
            ends.append(now)
            continue
        following = list(steps(now, ask))
        if not following:
            raise NotPredicted("no law says what happens: the program waits for ever")
        for one in following:
            if one not in found:
                found.add(one)
                todo.append(one)
        if len(found) > MOST_MOMENTS:
            raise NotPredicted(f"no law says what happens: more than {MOST_MOMENTS} moments")
    seen = {_seen(end) for end in ends}
    return Foreseen(
        seen=tuple(sorted(seen, key=repr)), rules=tuple(ask.used), races=tuple(ask.races)
    )


def _start(code: Code, before: int) -> ProcessState:
    main = Thread(0, (MainCode(), Body(code.body)))
    return ProcessState(path=(), threads=(main,), handlers=(BEFORE,) * before)


def _seen(end: Configuration) -> Seen:
    return Seen(
        processes=tuple(
            Execution(one.path, one.said, one.exit or Exit())
            for one in sorted(end.processes, key=lambda one: one.path)
        ),
        stdout=end.stdout,
    )
