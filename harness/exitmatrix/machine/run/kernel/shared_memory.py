"""Shared memory and named semaphores: files in /dev/shm (shm_overview(7))."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable

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


def listed() -> frozenset[str]:
    """The same names, with those of folders there: what is called so now was there before."""
    try:
        return frozenset(os.listdir(FOLDER))  # noqa: PTH208 - measured: this runs for each trial
    except OSError:
        return frozenset()


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
    return _named(_mapped(pid))


def mapped_since(pid: int, before: Collection[str]) -> frozenset[str]:
    """Those of them that were not there before.

    The kernel takes long to tell what a process has mapped, and mostly there is nothing new.
    """
    new = {name: inode for name, inode in names().items() if name not in before}
    inodes = _mapped(pid) if new else set()
    return frozenset(name for name, inode in new.items() if inode in inodes)


def held_by(pid: int) -> frozenset[str]:
    """Names of shared memory that a process has mapped or open.

    What is being made is open first, and mapped a moment later: sem_open(3), shm_open(3).
    """
    return _named(_mapped(pid) | _open(pid))


def _named(inodes: Collection[int]) -> frozenset[str]:
    if not inodes:
        return frozenset()
    return frozenset(name for name, inode in names().items() if inode in inodes)


def _mapped(pid: int) -> set[int]:
    lines = read_proc(pid, "maps").splitlines()
    return {int(line.split()[4]) for line in lines if b" /dev/shm/" in line}


def _open(pid: int) -> set[int]:
    found: set[int] = set()
    with contextlib.suppress(OSError):
        device = os.stat(FOLDER).st_dev  # noqa: PTH116
        for fd in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            with contextlib.suppress(OSError):
                about = os.stat(f"/proc/{pid}/fd/{fd}")  # noqa: PTH116
                if about.st_dev == device:
                    found.add(about.st_ino)
    return found
