"""Whose turn it is at a processor: sched(7)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TypedDict


class Scheduler(TypedDict, total=False):
    """What `os.posix_spawn` takes."""

    scheduler: tuple[int, os.sched_param]


def give_way() -> None:
    """Have this process interrupt nobody when it wakes up: it waits until it is its turn.

    What an observed program tells is then read when the program has had its turn, all of it
    at once, and both find their caches as they left them. Nobody waits for longer than the turn
    of another takes, some milliseconds, or at all where a processor is free: SCHED_BATCH, sched(7).
    """
    if os.sched_getscheduler(0) == os.SCHED_OTHER:  # and not what the caller has chosen
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *_giving_way())


def _ordinary() -> tuple[int, os.sched_param]:
    return os.SCHED_OTHER, os.sched_param(0)


def _giving_way() -> tuple[int, os.sched_param]:
    return os.SCHED_BATCH, os.sched_param(0)


def _gives_way() -> bool:
    return os.sched_getscheduler(0) == os.SCHED_BATCH


def as_usual() -> Scheduler:
    """With what a program is started that is not to give way: a child would inherit it."""
    return {"scheduler": _ordinary()} if _gives_way() else {}


@contextlib.contextmanager
def taking_turns() -> Iterator[None]:
    """Have what is started in this block, in whatever way, be scheduled as usual."""
    gave_way = _gives_way()
    if gave_way:
        os.sched_setscheduler(0, *_ordinary())
    try:
        yield
    finally:
        if gave_way:
            os.sched_setscheduler(0, *_giving_way())
