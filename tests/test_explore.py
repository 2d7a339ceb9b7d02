"""The laws about the search for all that a program may come to: what it leaves out is no loss."""

from __future__ import annotations

import pytest
from exitmatrix.declare.generate import random
from exitmatrix.declare.terminations import TERMINATIONS
from exitmatrix.judge.laws import LAWS
from exitmatrix.judge.outcome import outcome_of
from exitmatrix.judge.profile import profile
from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.explore import outcomes
from exitmatrix.judge.semantics.state import (
    Body,
    Configuration,
    MainCode,
    ProcessState,
    ThreadState,
)
from exitmatrix.judge.semantics.step import next_moments
from exitmatrix.judge.start import code_of, first_moment
from exitmatrix.judge.verdict import program_of
from exitmatrix.model.cell import DIRECT
from exitmatrix.model.outcome_sets import union

from tests.support.committed import of_this_platform, scenarios

VERSION = "3.13.0"
PROFILE = profile({"implementation": "cpython", "version": VERSION})
MOST = 8_000


class TooMany(Exception):
    """The short search would take too long."""


def every_end(first: Configuration, ask: Ask) -> list[Configuration]:
    """The moments after which nothing follows, by the shortest search that there is.

    Whoever asks for the order of output has no process looked at before another.
    """
    found, todo, ends = {first}, [first], []
    while todo:
        now = todo.pop()
        following = next_moments(now, ask)
        ends += [] if following else [now]
        todo += [one for one in dict.fromkeys(following) if one not in found]
        found.update(following)
        if len(found) > MOST:
            raise TooMany
    return ends


def test_no_outcome_of_a_cell_is_lost() -> None:
    """What ended processes have done is put back behind the last moment, in all combinations."""
    compared = 0
    for scenario, termination, target in sorted(cells_with_several_processes()):
        program, ends = program_of(scenarios()[scenario]), TERMINATIONS[termination]
        first = first_moment(program, ends, target, None)
        code = code_of(program, target)
        quick, slow = (Ask(LAWS, code, PROFILE, ordered=ordered) for ordered in (False, True))
        found, there = outcomes(first, quick, MOST), every_end(first, slow)
        merged = union(outcome_of(one, program, ends, target, quick) for one in found)
        assert merged == union(outcome_of(one, program, ends, target, slow) for one in there), (
            f"{scenario}/{termination}@{target}"
        )
        compared += 1
    assert compared > 100


def cells_with_several_processes() -> set[tuple[str, str, str]]:
    """Those of the profile's Python that are predicted by executing the program."""
    return {
        (one.scenario, one.termination, one.target)
        for one in of_this_platform()
        if one.interpreter["version"] == VERSION
        and one.launcher == DIRECT
        and not scenarios()[one.scenario].server
        and any(len(outcome.processes) > 1 for outcome in one.outcomes)
    }


@pytest.mark.parametrize("generation", [3, 5, 9])
def test_no_end_of_a_random_program_is_lost(generation: int) -> None:
    """What each process did and how it ended, whatever the order of what they wrote."""
    compared = 0
    for number in range(60):
        code = random(20261126, number, generation)
        main = ThreadState(0, (MainCode(), Body(code.body)))
        first = Configuration((ProcessState(path=(), threads=(main,)),))
        quick, slow = (Ask(LAWS, code, PROFILE, ordered=ordered) for ordered in (False, True))
        try:
            found, there = outcomes(first, quick), every_end(first, slow)
        except (NotPredicted, TooMany):
            continue
        compared += len(found[0].processes) > 1
        assert done(found) == done(there), number
    assert compared > 10


def done(ends: list[Configuration]) -> set[frozenset[ProcessState]]:
    """What the processes of each end have done."""
    return {frozenset(one.processes) for one in ends}


def test_a_program_whose_pasts_multiply_is_withheld() -> None:
    """Two workers are each killed at one of many points: there are more pasts than moments."""
    program, ends = (
        program_of(scenarios()["multiprocessing-pool-two-spawn"]),
        TERMINATIONS["return"],
    )
    first = first_moment(program, ends, "child", None)
    ask = Ask(LAWS, code_of(program, "child"), PROFILE, ordered=False)
    assert outcomes(first, ask, MOST)
    with pytest.raises(NotPredicted, match="more than 6000 pasts"):
        outcomes(first, ask, most=1500)
