"""What the laws predict for a program of the small language. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.laws.law import Law
from exitmatrix.judge.profile import Profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.change import BEFORE, function_of
from exitmatrix.judge.semantics.explore import outcomes
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    MainCode,
    ProcessState,
    ThreadState,
)
from exitmatrix.model.execution import Execution, Exit, Foreseen, Line, Seen
from exitmatrix.model.language import Code


def predict_program(
    code: Code, profile: Profile, *, before: int = 0, laws: tuple[Law, ...] = LAWS
) -> Foreseen:
    """All that a bare run of a program may show on a Python.

    `before` is the number of handlers that are registered before the program's first
    line, by what an environment imports at the start.

    Raises NotPredicted where no law answers a question that comes up, where the
    program waits for ever, and where it takes too many steps.
    """
    ask = Ask(laws, code, profile)
    ends = outcomes(Configuration((_start(code, before),)), ask)
    if any(one.exit is None for end in ends for one in end.processes):
        raise NotPredicted("no law says what happens: the program waits for ever")
    if not profile.server_keeps_status and any(
        owned.server for end in ends for one in end.processes for owned in one.owned
    ):
        raise NotPredicted("no law says what is told of the end of a fork server's child")
    seen = {_seen(end) for end in ends}
    return Foreseen(
        seen=tuple(sorted(seen, key=repr)),
        rules=tuple(ask.used),
        races=tuple(ask.races) if len(seen) > 1 else (),
    )


def _start(code: Code, before: int) -> ProcessState:
    main = ThreadState(0, (MainCode(), Body(code.body)))
    return ProcessState(path=(), threads=(main,), handlers=(BEFORE,) * before)


def _seen(end: Configuration) -> Seen:
    return Seen(
        processes=tuple(
            Execution(one.path, tuple(_lines_of(one)), one.exit or Exit())
            for one in sorted(end.processes, key=lambda one: one.path)
            if not one.silent
        ),
        stdout=end.stdout,
    )


def _lines_of(process: ProcessState) -> Iterator[Line]:
    """What the program's functions say; those of libraries say nothing."""
    for line in process.lines:
        if line.function not in process.library:
            yield Line(function_of(line.function), line.moment)
