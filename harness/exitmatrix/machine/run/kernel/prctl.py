"""prctl(2): what a process asks of the kernel for itself."""

from __future__ import annotations

import contextlib
import ctypes
import os

from exitmatrix.machine.run.kernel.facilities import have

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PR_SET_PDEATHSIG = 1


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process, as the manual has it. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def become_subreaper() -> None:
    """Bring orphans of all descendants home to this process, where that can be: prctl(2)."""
    if have("subreaper"):
        with contextlib.suppress(OSError):  # before Linux 3.4
            prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(signum: int) -> None:
    """Have the kernel send `signum` to this process when its parent ends."""
    prctl(PR_SET_PDEATHSIG, signum)
