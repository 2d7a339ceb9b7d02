"""End everything below a process that is a subreaper, until nothing is left."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection

from harness.run.kernel import (
    children_of,
    descendants_of,
    is_below,
    remove_shared_memory,
    shared_memory_of,
)


def end_all_below(memory_before: Collection[str]) -> None:
    """SIGKILL every descendant of this process and reap what comes home.

    A killed process's children become ours (we are their subreaper), so ending
    and reaping in turn reaches every one, whatever session it fled to. Shared
    memory that they had and that is not in `memory_before` goes with them.
    """
    here = os.getpid()
    memory: set[str] = set()
    while children_of(here):
        for pid in descendants_of(here):
            memory |= shared_memory_of(pid)
            _kill(pid, here)
        _reap_one()
        while _reap_one(os.WNOHANG):
            pass
    remove_shared_memory(memory - set(memory_before))


def _kill(pid: int, here: int) -> None:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if is_below(pid, here):  # still the one that was listed, now that the fd holds it
            signal.pidfd_send_signal(fd, signal.SIGKILL)
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)


def _reap_one(options: int = 0) -> bool:
    try:
        return os.waitpid(-1, options)[0] != 0
    except ChildProcessError:
        return False
