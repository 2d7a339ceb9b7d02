"""An answer that is remembered is the one that would be given, and rests on the same parameters."""

from __future__ import annotations

from typing import cast

from exitmatrix.judge.profile import Profile, profile
from exitmatrix.judge.watched import Remembered, WatchedProfile, recall

OLD, NEW, PYPY = (
    profile({"implementation": implementation, "version": version})
    for implementation, version in (("cpython", "2.7"), ("cpython", "3.13.0"), ("pypy", "3.11.0"))
)


def asks_more_of_some(python: Profile) -> object:
    """A parameter, and where that has one value a second one."""
    return python.handler_list if python.streams == "Python" else python.streams


def test_a_remembered_answer_is_the_one_that_would_be_given() -> None:
    """Whoever asked before: those alike in what was asked for share one answer, others none."""
    known: Remembered[object] = []
    recalled = [recall(known, one, asks_more_of_some) for one in (OLD, NEW, PYPY, OLD, NEW, PYPY)]
    assert recalled == [asks_more_of_some(one) for one in (OLD, NEW, PYPY)] * 2
    assert len(known) == 3


def test_who_watches_sees_what_a_remembered_answer_rests_on() -> None:
    """Neither fewer parameters than the answer asks for, nor those of another's."""
    known: Remembered[object] = []
    for first in (NEW, OLD, PYPY):
        recall(known, first, asks_more_of_some)
    for python in (OLD, NEW, PYPY):
        seen, itself = WatchedProfile(python), WatchedProfile(python)
        recall(known, cast(Profile, seen), asks_more_of_some)
        asks_more_of_some(cast(Profile, itself))
        assert seen.read == itself.read
