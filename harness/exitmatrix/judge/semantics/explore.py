"""All moments that a program may come to. Pure.

Of a process that has ended the others see only how it ended. What it has done is therefore taken
out of the moments that follow, and put back behind the last: two workers, each killed at one of
twenty points, leave their parent 400 pasts and one future.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Configuration, NoSuchProcess, ProcessState
from exitmatrix.judge.semantics.step import next_moments
from exitmatrix.judge.semantics.supervise import rests

MOST_MOMENTS = 5000
"""Moments that are looked at; a program that has more is not predicted."""

MOST_PROCESSES = 64
"""Processes of one program; one that has more is not predicted."""

MOST_THREADS = 64
"""Threads of one process; a program that has more, each perhaps started by the one before, is not
predicted. They are counted where calls are."""

MOST_FRAMES = 200
"""What one thread may be in the middle of; a program that goes deeper, which Python itself would
end at a thousand calls, is not predicted. It is looked for in every fiftieth moment."""

MOST_PASTS = 4
"""How many pasts may lead to a moment, on average over all that may be looked at. Where many
children each end in one of several ways, these multiply; such a program is not predicted."""

Past = tuple[ProcessState, ...]
"""Processes that have ended, by their places in the tree."""

Moments = list[tuple[Configuration, list[tuple[int, Past]]]]
"""Moments, each with the numbers of those that may follow, and with who has ended in between."""


def outcomes(first: Configuration, ask: Ask, most: int = MOST_MOMENTS) -> list[Configuration]:
    """The moments after which nothing follows.

    Raises NotPredicted where no law answers a question that comes up, where a
    process waits for what nobody does, and where there are too many moments,
    pasts, processes or calls.
    """
    moments = _moments(first, ask, most)
    pasts: list[dict[Past, None]] = [{} for _ in moments]
    pasts[0][()] = None
    ends, counted = [], 0
    for number in _in_order(moments):
        now, following = moments[number]
        counted += len(pasts[number])
        if counted > MOST_PASTS * most:
            raise NotPredicted(f"no law says what happens: more than {MOST_PASTS * most} pasts")
        if not following:
            ends += [_end(_with(now, past)) for past in pasts[number]]
        for after, gone in following:
            for past in pasts[number]:
                pasts[after][_joined(past, gone)] = None
    return ends


def _moments(first: Configuration, ask: Ask, most: int) -> Moments:
    """All moments from the first choice on. Raises NotPredicted."""
    now, looked_at = _first_choice(first, ask, most)
    numbers = {now: 0}
    moments: Moments = [(now, [])]
    todo = [0]
    while todo:
        now, following = moments[todo.pop()]
        looked_at += 1
        _check(now, looked_at, most)
        for one in _following(now, ask):
            after, gone = _without_ended(one)
            number = numbers.setdefault(after, len(moments))
            if number == len(moments):
                moments.append((after, []))
                todo.append(number)
            following.append((number, gone))
    return moments


def _first_choice(now: Configuration, ask: Ask, most: int) -> tuple[Configuration, int]:
    """The first moment that not just one may follow, and how many come before."""
    looked_at = 0
    while len(following := _following(now, ask)) == 1:
        (now,) = following
        looked_at += 1
        _check(now, looked_at, most)
    return now, looked_at


def _following(now: Configuration, ask: Ask) -> list[Configuration]:
    """What may follow. Raises NotPredicted."""
    try:
        return next_moments(now, ask)
    except NoSuchProcess as error:
        raise NotPredicted("no law says what is done about a process nobody started") from error


def _check(now: Configuration, looked_at: int, most: int) -> None:
    """Raises NotPredicted where a program is too long, too wide, or too deep."""
    if looked_at > most:
        raise NotPredicted(f"no law says what happens: more than {most} moments")
    if len(now.processes) > MOST_PROCESSES:
        raise NotPredicted(f"no law says what happens: more than {MOST_PROCESSES} processes")
    if looked_at % 50 == 0:
        threads = (thread for process in now.processes for thread in process.threads)
        if any(len(one.frames) > MOST_FRAMES for one in threads):
            raise NotPredicted(f"no law says what happens: more than {MOST_FRAMES} calls")
        if any(len(one.threads) > MOST_THREADS for one in now.processes):
            raise NotPredicted(f"no law says what happens: more than {MOST_THREADS} threads")


def _without_ended(now: Configuration) -> tuple[Configuration, Past]:
    """A moment without what ended processes have done, and these."""
    gone = tuple(one for one in now.processes if one.exit is not None and not one.set_aside)
    if not gone:
        return now, gone
    kept = tuple(_ended(one) if one in gone else one for one in now.processes)
    return replace(now, processes=kept), gone


def _ended(process: ProcessState) -> ProcessState:
    """What others see of a process that has ended."""
    return ProcessState(
        path=process.path,
        threads=(),
        exit=process.exit,
        role=process.role,
        owned=process.owned,
        set_aside=True,
    )


def _with(now: Configuration, past: Past) -> Configuration:
    """A moment with all that processes have done that have ended."""
    whole = {one.path: one for one in past}
    return replace(now, processes=tuple(whole.get(one.path, one) for one in now.processes))


def _joined(past: Past, gone: Past) -> Past:
    return tuple(sorted((*past, *gone), key=lambda one: one.path)) if gone else past


def _in_order(moments: Moments) -> Iterator[int]:
    """The numbers of the moments, each behind all that it may follow. Raises NotPredicted."""
    before = [0] * len(moments)
    for _, following in moments:
        for after, _ in following:
            before[after] += 1
    ready, passed = [0], 0
    while ready:
        number = ready.pop()
        passed += 1
        yield number
        for after, _ in moments[number][1]:
            before[after] -= 1
            if not before[after]:
                ready.append(after)
    if passed < len(moments):
        raise NotPredicted("no law says what happens: the program comes back to where it was")


def _end(now: Configuration) -> Configuration:
    alive = [one for one in now.processes if one.exit is None]
    if alive and (now.events or not all(map(rests, alive))):
        raise NotPredicted("no law says what happens: the program waits for ever")
    return now
