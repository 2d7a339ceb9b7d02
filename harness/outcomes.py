"""Sets of outcomes: what counts as equal, and how many trials a set takes.

Two outcomes are equal whatever their `order` and their `answer`, which are told
as null and `either` when trials disagree: how two processes interleave, and
whether a client hears from a server that is ending, is nobody's promise. Two
that differ only in how far a killed process got are one, the longest run seen,
with `cut`: a process that is killed at a random moment has no other outcome to
speak of.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from harness.model import Outcome, Process


def add(known: tuple[Outcome, ...], new: Outcome) -> tuple[Outcome, ...]:
    """The set with one more seen, in a stable order."""
    for place, one in enumerate(known):
        joined = join(one, new)
        if joined is not None:
            merged = (*known[:place], joined, *known[place + 1 :])
            return tuple(sorted(merged, key=_key))
    return tuple(sorted((*known, new), key=_key))


def union(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The set of all that were seen."""
    known: tuple[Outcome, ...] = ()
    for one in outcomes:
        known = add(known, one)
    return known


def contains(known: tuple[Outcome, ...], new: Outcome) -> bool:
    """Whether an outcome shows nothing that the set does not hold."""
    return [_equal(one) for one in add(known, new)] == [_equal(one) for one in known]


def join(one: Outcome, other: Outcome) -> Outcome | None:
    """The one outcome that two are; None when they differ."""
    answer = one.answer if one.answer == other.answer else "either"
    if replace(_equal(one), cut=False) == replace(_equal(other), cut=False):
        order = one.order if one.order == other.order else None
        return replace(one, order=order, answer=answer, cut=one.cut or other.cut)
    if len(one.processes) != len(other.processes):
        return None
    processes = []
    for mine, its in zip(one.processes, other.processes, strict=True):
        longest = mine if mine == its else _longer(mine, its)
        if longest is None:
            return None
        processes.append(longest)
    same = {"processes": tuple(processes), "order": None, "answer": answer, "cut": True}
    joined, twin = replace(one, **same), replace(other, **same)
    if joined != twin:
        return None
    longest_order = max(
        (o for o in (one.order, other.order) if o is not None), key=len, default=None
    )
    compatible = one.order is not None and other.order is not None
    return replace(joined, order=longest_order if compatible else None)


def _longer(one: Process, other: Process) -> Process | None:
    """Of two runs of a process that was killed, the one that got further; None if unrelated."""
    if one.exit != {"signal": "SIGKILL"} or one.exit != other.exit or one.role != other.role:
        return None
    short, long = sorted((one, other), key=_reach)
    steps, further = _steps(short), _steps(long)
    return long if further[: len(steps)] == steps else None


def _steps(process: Process) -> tuple[str, ...]:
    """Began and ended, library and own, as a run of steps; own handlers come to the front."""
    done = [step for name in process.fired or () for step in (f"began {name}", f"ended {name}")]
    return (*done, *(f"began {name}" for name in process.unfinished or ()))


def _reach(process: Process) -> tuple[int, int, bytes]:
    return len(_steps(process)), len(process.library), msgspec.json.encode(process)


def _equal(outcome: Outcome) -> Outcome:
    """The part of an outcome that takes part in equality."""
    return replace(outcome, order=None, answer=None)


def _key(outcome: Outcome) -> bytes:
    return msgspec.json.encode(_equal(outcome))
