"""Whether a process waits for connections: what each of its threads asks the kernel for.

A process may hold a listening socket long before it serves, as one that was forked with it and
imports the program does. One that waits in accept(2), or until that socket can be read, takes the
next connection. Nothing is sent to it, so nobody wakes.
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Callable, Collection, Set

from exitmatrix.machine.run.app.looking import descriptors
from exitmatrix.machine.run.kernel.proc import read_proc, threads_of

POLLIN = 1
POLLFD = struct.Struct("=ihh")
MOST = 1 << 16  # bytes of a list of descriptors that are read


def can_be_seen(pid: int) -> bool:
    """Whether the kernel tells of a process what it is asked for, and is known here."""
    return bool(CALLS) and bool(read_proc(pid, "syscall"))


def accepts(pid: int, inodes: Collection[int]) -> bool:
    """Whether a thread of it waits for a connection to one of these sockets."""
    names = {f"socket:[{one}]" for one in inodes}
    held = {fd for fd, name in descriptors(pid).items() if name in names}
    return bool(held) and any(_waits(pid, thread, held) for thread in threads_of(pid))


def _waits(pid: int, thread: str, held: Set[int]) -> bool:
    """Whether a thread is in a call that returns when one of these descriptors can be read.

    /proc/PID/task/TID/syscall: the call's number, and its arguments in hexadecimal. A thread that
    runs is in none.
    """
    words = read_proc(pid, f"task/{thread}/syscall").split()
    if len(words) < 3 or not words[0].isdigit() or int(words[0]) not in CALLS:
        return False
    first, second = (int(one, 16) for one in words[1:3])
    return not held.isdisjoint(CALLS[int(words[0])](pid, first, second))


def _of_accept(_pid: int, fd: int, _second: int) -> set[int]:
    return {fd}


def _of_epoll(pid: int, fd: int, _second: int) -> set[int]:
    """What is registered with it: proc(5), /proc/PID/fdinfo."""
    lines = read_proc(pid, f"fdinfo/{fd}").splitlines()
    return {int(line.split()[1]) for line in lines if line.startswith(b"tfd:")}


def _of_poll(pid: int, where: int, count: int) -> set[int]:
    asked = POLLFD.iter_unpack(_memory(pid, where, count * POLLFD.size, POLLFD.size))
    return {fd for fd, events, _ in asked if events & POLLIN}


def _of_select(pid: int, count: int, where: int) -> set[int]:
    bits = int.from_bytes(_memory(pid, where, (count + 7) // 8), "little")
    return {fd for fd in range(count) if bits >> fd & 1}


def _memory(pid: int, where: int, size: int, unit: int = 1) -> bytes:
    """A part of its memory, in whole units; empty where there is none, or it may not be read."""
    if not where or size > MOST:
        return b""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
            read = os.pread(memory.fileno(), size, where)
    except (OSError, OverflowError):
        return b""
    return read[: len(read) // unit * unit]


X86_64: dict[int, Callable[[int, int, int], set[int]]] = {
    43: _of_accept,
    288: _of_accept,  # accept4
    232: _of_epoll,  # epoll_wait
    281: _of_epoll,  # epoll_pwait
    441: _of_epoll,  # epoll_pwait2
    7: _of_poll,
    271: _of_poll,  # ppoll
    23: _of_select,
    270: _of_select,  # pselect6
}
"""Calls that wait, by number: Linux, arch/x86/entry/syscalls/syscall_64.tbl."""

CALLS = X86_64 if platform.machine() == "x86_64" else {}
