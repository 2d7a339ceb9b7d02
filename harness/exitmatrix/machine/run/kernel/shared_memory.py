"""Shared memory and named semaphores: files in /dev/shm (shm_overview(7))."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from exitmatrix.machine.run.kernel.proc import read_proc

FOLDER = "/dev/shm"  # noqa: S108 - where the C library keeps it


def names() -> dict[str, int]:
    """All names of shared memory that there are now, with their inodes.

    POSIX's shared memory and semaphores are files in /dev/shm itself (shm_overview(7));
    what lies in folders there is files like any other.
    """
    try:
        with os.scandir(FOLDER) as entries:
            return {one.name: one.inode() for one in entries if one.is_file(follow_symlinks=False)}
    except OSError:
        return {}


def remove(names: Iterable[str]) -> None:
    """Remove what is still there of some names: shm_unlink(3), sem_unlink(3)."""
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(f"{FOLDER}/{name}")  # noqa: PTH108


def mapped_by(pid: int) -> frozenset[str]:
    """Names of shared memory that a process has mapped, named semaphores among them.

    By inode: glibc makes a semaphore under another name and links it (sem_open.c), so
    that the mapping bears the name that is gone.
    """
    inodes = {
        int(line.split()[4])
        for line in read_proc(pid, "maps").splitlines()
        if b" /dev/shm/" in line
    }
    if not inodes:
        return frozenset()
    return frozenset(name for name, inode in names().items() if inode in inodes)
