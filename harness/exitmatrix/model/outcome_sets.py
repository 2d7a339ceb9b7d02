"""Sets of outcomes: what counts as equal, and how many trials a set takes.

Two outcomes are equal whatever their `order` and their `answer`, which are told
as null and `either` when trials disagree: how two processes interleave is
nobody's promise. Two that differ only in how far a killed process got are one,
the longest run seen, with `cut`: a process that is killed at a random moment has
no other outcome to speak of.

A set does not depend on the order in which its outcomes were seen: it holds the
longest runs. Where killed processes went different ways there are several; then
one that was cut short says of all of them that they may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from exitmatrix.model import Outcome, Process

UNFINISHED = " (unfinished)"  # what `observe` puts behind a library's handler that did not end
KILLED = {"signal": "SIGKILL"}
FLUSHED = (None, "lost", "kept", "twice")  # a process that gets further writes more, never less


def add(known: tuple[Outcome, ...], new: Outcome) -> tuple[Outcome, ...]:
    """The set with one more seen, in a stable order."""
    kind = _kind(new)
    alike: list[Outcome] = []
    others: list[Outcome] = []
    for one in known:
        (alike if _kind(one) == kind else others).append(one)
    return tuple(sorted((*others, *_together(alike, new)), key=_key))


def _together(alike: Iterable[Outcome], new: Outcome) -> list[Outcome]:
    """Those of one kind, with one more seen: the longest runs."""
    cut = new.cut or any(one.cut for one in alike)
    longest: list[Outcome] = []
    for one in alike:
        behind, ahead = _as_far(one, new), _as_far(new, one)
        if behind and not ahead:
            new, cut = _absorb(new, one), True
        elif ahead:
            cut = cut or not behind
            longest.append(_absorb(one, new))
        else:
            longest.append(one)
    if not any(_as_far(new, one) for one in longest):
        longest.append(new)
    return [replace(one, cut=cut) for one in longest]


def union(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """The set of all that were seen."""
    kinds: list[Outcome] = []  # outcomes hold dictionaries, which have no hash
    sets: list[list[Outcome]] = []
    seen: list[Outcome] = []
    for one in outcomes:
        if one in seen:
            continue
        seen.append(one)
        kind = _kind(one)
        if kind not in kinds:
            kinds.append(kind)
            sets.append([one])
        else:
            place = kinds.index(kind)
            sets[place] = _together(sets[place], one)
    found = [one for some in sets for one in some]
    return tuple(sorted(found, key=_key) if len(found) > 1 else found)


def outcome_stages(seen: Iterable[Outcome], outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Every distinct outcome that was seen, where the set holds the longest of some (`cut`).

    Without the order of handlers across processes, which trials of one outcome share
    only by chance. Nothing where the set holds all there is.
    """
    if not any(one.cut for one in outcomes):
        return ()
    different = {_key(one): essence(one) for one in seen}
    return tuple(different[key] for key in sorted(different))


def contains(known: tuple[Outcome, ...], new: Outcome) -> bool:
    """Whether an outcome shows nothing that the set does not hold."""
    return equal(add(known, new), known)


def allows(expected: tuple[Outcome, ...], seen: Outcome) -> bool:
    """Whether an outcome is one of those expected.

    An expected one with `cut` stands for all in which a killed process got less
    far; an answer, and what became of data of some kind, count only where something
    is expected of them.
    """
    return any(
        _as_far(seen, one) and (one.cut or _as_far(one, seen)) and _answers(one, seen)
        for one in expected
        if _kind(one) == _kind(_spoken_of(seen, one)) and (one.cut or not seen.cut)
    )


def equal(one: tuple[Outcome, ...], other: tuple[Outcome, ...]) -> bool:
    """Whether two sets are equal."""
    return [(essence(a), a.cut) for a in one] == [(essence(b), b.cut) for b in other]


def is_race(outcomes: tuple[Outcome, ...]) -> bool:
    """Whether trials of one cell came out differently, in whatever is told of them."""
    return len(outcomes) > 1 or any(one.cut or one.answer == "either" for one in outcomes)


def join(one: Outcome, other: Outcome) -> Outcome | None:
    """The one outcome that two are; None when they differ."""
    both = add((one,), other)
    return both[0] if len(both) == 1 else None


def essence(outcome: Outcome) -> Outcome:
    """What tells the outcomes of a set apart."""
    return replace(outcome, order=None, answer=None, cut=False)


def _kind(outcome: Outcome) -> Outcome:
    """An outcome without how far its killed processes got."""
    if not any(map(_was_cut_off, outcome.processes)):
        return essence(outcome)
    return replace(
        essence(outcome),
        processes=tuple(
            replace(one, fired=(), unfinished=(), raised=(), library=(), stdout=None)
            if _was_cut_off(one)
            else one
            for one in outcome.processes
        ),
    )


def _spoken_of(seen: Outcome, expected: Outcome) -> Outcome:
    """An outcome with nothing told of data of which nothing is expected."""
    if seen.data is None or expected.data is None:
        return seen
    return replace(
        seen, data={kind: seen.data[kind] for kind in seen.data if kind in expected.data}
    )


def _answers(expected: Outcome, seen: Outcome) -> bool:
    return expected.answer in (None, "either", seen.answer)


def _was_cut_off(process: Process) -> bool:
    # Of one that was not observed nobody can say how far it got.
    return process.exit == KILLED and process.fired is not None


def _as_far(short: Outcome, long: Outcome) -> bool:
    """Of two of a kind: whether one is the other, or an earlier stage of it."""
    return all(
        one == other or _is_as_far(one, other)
        for one, other in zip(short.processes, long.processes, strict=True)
    )


def _is_as_far(short: Process, long: Process) -> bool:
    return (
        _opens(_steps(short), _steps(long))
        and _opens(_library(short), _library(long))
        and FLUSHED.index(short.stdout) <= FLUSHED.index(long.stdout)
    )


def _opens(some: tuple[str, ...], more: tuple[str, ...]) -> bool:
    return more[: len(some)] == some


def _absorb(long: Outcome, short: Outcome) -> Outcome:
    """The longer of two, with what they disagree on left open."""
    fits = (
        long.order is not None
        and short.order is not None
        and _is_within(short.order, long.order)
        and (len(short.order) == len(long.order) or essence(short) != essence(long))
    )
    return replace(
        long,
        order=long.order if fits else None,
        answer=long.answer if long.answer == short.answer else "either",
    )


def _is_within(some: Sequence[object], more: Sequence[object]) -> bool:
    """Whether a sequence is another with parts left out."""
    rest = iter(more)
    return all(one in rest for one in some)


def _steps(process: Process) -> tuple[str, ...]:
    """What its own handlers did, step by step; those that did not end come last."""
    raised = list(process.raised)
    steps = []
    for name in process.fired or ():
        how = "raised" if raised[:1] == [name] else "ended"
        if how == "raised":
            raised.pop(0)
        steps += [f"began {name}", f"{how} {name}"]
    return (*steps, *(f"began {name}" for name in process.unfinished or ()))


def _library(process: Process) -> tuple[str, ...]:
    """What libraries' handlers did, step by step."""
    return tuple(
        step
        for name in process.library
        for step in (
            (f"began {name.removesuffix(UNFINISHED)}",)
            if name.endswith(UNFINISHED)
            else (f"began {name}", f"ended {name}")
        )
    )


def _key(outcome: Outcome) -> bytes:
    return msgspec.json.encode(essence(outcome))
