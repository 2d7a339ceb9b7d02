"""All moments that a program may come to. Pure."""

from __future__ import annotations

from exitmatrix.judge.semantics.ask import Ask, NotPredicted
from exitmatrix.judge.semantics.state import Configuration, NoSuchProcess
from exitmatrix.judge.semantics.step import steps
from exitmatrix.judge.semantics.supervise import rests

MOST_MOMENTS = 5000
"""Moments that are looked at; a program that has more is not predicted."""

MOST_PROCESSES = 64
"""Processes of one program; one that has more is not predicted."""


MOST_FRAMES = 200
"""What one thread may be in the middle of; a program that goes deeper, which Python itself would
end at a thousand calls, is not predicted. It is looked for in every fiftieth moment."""


def outcomes(first: Configuration, ask: Ask, most: int = MOST_MOMENTS) -> list[Configuration]:
    """The moments after which nothing follows.

    Raises NotPredicted where no law answers a question that comes up, where a
    process waits for what nobody does, and where there are too many moments,
    processes or calls.
    """
    found: set[Configuration] = set()
    todo, ends, looked_at = [first], [], 0
    while todo:
        now = todo.pop()
        following = _following(now, ask)
        looked_at += 1
        while len(following) == 1 and not found and _within(now, looked_at, most):
            (now,) = following  # up to the first choice there is nothing to remember
            following = _following(now, ask)
            looked_at += 1
        if looked_at > most:
            raise NotPredicted(f"no law says what happens: more than {most} moments")
        if len(now.processes) > MOST_PROCESSES:
            raise NotPredicted(f"no law says what happens: more than {MOST_PROCESSES} processes")
        if _is_deep(now, looked_at):
            raise NotPredicted(f"no law says what happens: more than {MOST_FRAMES} calls")
        if not following:
            ends.append(_end(now))
        for one in following:
            before = len(found)
            found.add(one)
            if len(found) > before:  # looked up once, and not twice
                todo.append(one)
    return ends


def _following(now: Configuration, ask: Ask) -> list[Configuration]:
    """The moments that may follow. Raises NotPredicted."""
    try:
        return list(steps(now, ask))
    except NoSuchProcess as error:
        raise NotPredicted("no law says what is done about a process nobody started") from error


def _within(now: Configuration, looked_at: int, most: int) -> bool:
    few = len(now.processes) <= MOST_PROCESSES
    return looked_at <= most and few and not _is_deep(now, looked_at)


def _is_deep(now: Configuration, looked_at: int) -> bool:
    threads = (thread for process in now.processes for thread in process.threads)
    return looked_at % 50 == 0 and any(len(one.frames) > MOST_FRAMES for one in threads)


def _end(now: Configuration) -> Configuration:
    alive = [one for one in now.processes if one.exit is None]
    if alive and (now.events or not all(map(rests, alive))):
        raise NotPredicted("no law says what happens: the program waits for ever")
    return now
