"""Makers of statements about pools of processes, since generation 9. Pure."""

from __future__ import annotations

from exitmatrix.declare.author import MOST_FORKS, Author
from exitmatrix.model.language import (
    ApplyTask,
    Exec,
    Handle,
    Nothing,
    Raise,
    Signal,
    StartThread,
    Statement,
    SubmitTask,
)

DEADLY = Handle | Signal | StartThread
"""What may end a worker of a Pool, whose task nobody does then: its starter waits for ever."""


def submit(author: Author, level: int) -> Statement:
    """A task in a pool of one process, in main's code; its worker counts as a fork."""
    if not _may(author, level):
        return Nothing()
    ends = author.ending(40, level)
    # Another program in the worker's place would be sent SIGTERM, or end before.
    body = (*author.body("task", 3, level), *(one for one in ends if not isinstance(one, Exec)))
    return SubmitTask(body)


def apply(author: Author, level: int) -> Statement:
    """The same with a Pool of multiprocessing; what its task raises is an Exception."""
    if not _may(author, level):
        return Nothing()
    body = [one for one in author.body("task", 3, level) if not isinstance(one, DEADLY)]
    return ApplyTask((*body, Raise()) if author.dice.chance(30) else tuple(body))


def _may(author: Author, level: int) -> bool:
    if level >= 0 or author.forks >= max(MOST_FORKS):
        return False
    author.forks += 1
    return True
