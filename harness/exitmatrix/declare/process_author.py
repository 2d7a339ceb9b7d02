"""Makers of statements about pools of processes, since generation 9. Pure."""

from __future__ import annotations

from exitmatrix.declare.author import MOST_FORKS, Author
from exitmatrix.model.language import (
    ApplyTask,
    Exec,
    Handle,
    Nothing,
    ProcessPoolEnd,
    Raise,
    Register,
    Signal,
    StartMethod,
    StartThread,
    Statement,
    SubmitTask,
)

METHODS: list[tuple[int, StartMethod]] = [(5, "fork"), (4, "spawn")]

DEADLY = Handle | Signal | StartThread
"""What may end a worker of a Pool, whose task nobody does then: its starter waits for ever."""


def submit(author: Author, level: int) -> Statement:
    """A task in a pool of one process, in main's code; its worker counts as a fork."""
    if not _may(author, level):
        return Nothing()
    ends = author.ending(40, level)
    # Another program in the worker's place would be sent SIGTERM, or end before.
    body = (*author.body("task", 3, level), *(one for one in ends if not isinstance(one, Exec)))
    return SubmitTask(body, *_pool(author))


def apply(author: Author, level: int) -> Statement:
    """A task in a Pool of multiprocessing; what its task raises is an Exception."""
    if not _may(author, level):
        return Nothing()
    body = [one for one in author.body("task", 3, level) if not isinstance(one, DEADLY)]
    task = (*body, Raise()) if author.dice.chance(30) else tuple(body)
    return ApplyTask(task, *_pool(author))


def _pool(author: Author) -> tuple[StartMethod, int, tuple[Statement, ...], ProcessPoolEnd]:
    """How its workers are started, how many there are, what each begins with, and its end."""
    if author.version < 11:
        return "fork", 1, (), "with"
    workers = 2 if author.dice.chance(45) else 1
    begins = author.dice.chance(50)
    begin = (Register(author.dice.one(author.names)),) if begins else ()
    open_end = author.version > 11 and author.dice.chance(45)
    return author.dice.weighted(METHODS), workers, begin, "left open" if open_end else "with"


def _may(author: Author, level: int) -> bool:
    if level >= 0 or author.forks >= max(MOST_FORKS):
        return False
    author.forks += 1
    return True
