"""Marks: a number that every descendant of a trial bears, whatever it does to hide.

getrlimit(2): RLIMIT_LOCKS has limited nothing since Linux 2.4.25, but it is inherited by
forks, execs, new sessions and cleared environments, and can be read from outside.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator

from exitmatrix.machine.run.kernel.facilities import have
from exitmatrix.machine.run.kernel.proc import has_ended, pids, read_proc

RLIMIT_LOCKS = 10
_HARD = resource.getrlimit(RLIMIT_LOCKS)[1]  # which nothing here changes
MARKS = 1 << 20  # numbers that are kept for the trials of one run


@contextlib.contextmanager
def marking(mark: int) -> Iterator[None]:
    """Mark every process that is started in this block."""
    before = _set_mark((mark, _HARD)) if have("mark") else None
    try:
        yield
    finally:
        if before:
            _set_mark(before)


def _set_mark(limits: tuple[int, int]) -> tuple[int, int] | None:
    """Set the mark of this process; the limits before, None where that cannot be."""
    try:
        return resource.prlimit(0, RLIMIT_LOCKS, limits)
    except (OSError, ValueError):  # a hard limit that somebody lowered
        return None


def mark_of(pid: int) -> int | None:
    """The mark of a process; None when it has none, or is gone, or is another user's."""
    if not have("mark"):
        return None
    try:
        mark, _ = resource.prlimit(pid, RLIMIT_LOCKS)
    except (OSError, ValueError):
        return None
    return None if mark == resource.RLIM_INFINITY else mark


def is_marked(pid: int, marks: range) -> bool:
    """Whether a process bears one of some marks."""
    mark = mark_of(pid)
    return mark is not None and mark in marks  # to look for None would be to look at each


def marked(marks: range) -> tuple[int, ...]:
    """All processes of this machine that bear one of some marks, wherever they fled."""
    if not have("mark"):
        return ()
    # A zombie is left to whoever is its parent now, who may take its time.
    return tuple(
        pid for pid in pids() if pid != os.getpid() and is_marked(pid, marks) and not has_ended(pid)
    )


def belongs_to(pid: int, mark: int, session: int, token: str) -> bool:
    """Whether a process is of a trial: by its mark, its session, or its environment's token."""
    if mark_of(pid) == mark:
        return True
    try:
        if os.getsid(pid) == session:
            return True
    except OSError:
        return False
    return f"EXITMATRIX_TOKEN={token}".encode() in read_proc(pid, "environ")
