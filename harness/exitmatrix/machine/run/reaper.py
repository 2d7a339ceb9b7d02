"""End everything below a process that is a subreaper, until nothing is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection

from exitmatrix.machine.run.kernel import shared_memory, system_v
from exitmatrix.machine.run.kernel.facilities import have
from exitmatrix.machine.run.kernel.marks import is_marked, marked
from exitmatrix.machine.run.kernel.pidfd import WatchedProcess, stop_all, watch
from exitmatrix.machine.run.kernel.proc import descendants_of, is_below

ASK_AGAIN = 0.002  # seconds
PATIENCE = 10.0  # seconds; what a device holds, or another user owns, does not end sooner


def end_all_below(memory_before: Collection[str], marks: range = range(0)) -> None:
    """SIGKILL every descendant of this process and reap what comes home.

    A killed process's children become ours (we are their subreaper), so ending
    and reaping in turn reaches every one, whatever session it fled to. Where orphans
    do not come home, they are known by the marks of this run. Shared memory that they
    had and that is not in `memory_before` goes with them.
    """
    here = os.getpid()
    limit = time.monotonic() + PATIENCE
    while found := {*descendants_of(here), *_fled(marks)}:
        for pid in found:
            _end(pid, here, marks, memory_before)
        while _reap_one():
            pass
        if time.monotonic() > limit:
            break
        time.sleep(ASK_AGAIN)


def _fled(marks: range) -> tuple[int, ...]:
    return () if have("subreaper") else marked(marks)


def _end(pid: int, here: int, marks: range, memory_before: Collection[str]) -> None:
    try:
        held = watch(pid)
    except ProcessLookupError:
        return
    # Still the one that was listed, now that it is held?
    if is_below(pid, here) or is_marked(pid, marks):
        end_with_memory([held], memory_before)
    held.close()


def end_with_memory(held: Collection[WatchedProcess], memory_before: Collection[str]) -> None:
    """SIGKILL some processes, and remove the shared memory that they made.

    They are stopped first: one that runs could make another name between the look and the
    signal. The names go first: whoever does this may be killed too, and those that end a run
    in its place know names only from the processes that have them mapped.
    """
    stop_all(held)
    for one in held:
        shared_memory.remove(shared_memory.held_by(one.pid) - set(memory_before))
        system_v.remove(system_v.made_by(one.pid))
    for one in held:
        one.send(signal.SIGKILL)


def _reap_one() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False
