"""Waits without a limit: what waits so goes on only when another lets it."""

from __future__ import annotations

import platform

from exitmatrix.machine.run.kernel.proc import read_proc, threads_of

# The numbers of the system calls: Linux arch/x86/entry/syscalls/syscall_64.tbl, and
# include/uapi/asm-generic/unistd.h, which aarch64 has.
_LIMITS = {"x86_64": {202: 3, 128: 2}, "aarch64": {98: 3, 137: 2}}
"""Of futex(2) and sigtimedwait(2): which argument is the limit. A null pointer is none."""

_UNLIMITED = {"x86_64": (61, 247, 34, 130), "aarch64": (260, 95, 133)}
"""Those that know no limit: wait4, waitid, pause (not on aarch64) and rt_sigsuspend."""


def waits_for_others(pid: int) -> bool:
    """Whether all threads of a process wait without a limit for a lock, a child or a signal.

    False where it is not known: on another processor, where the kernel does not tell (proc(5),
    /proc/PID/syscall), and for what waits on a file, as that may be anybody's.
    """
    calls = [read_proc(pid, f"task/{one}/syscall") for one in threads_of(pid)]
    return bool(calls) and all(map(_has_no_limit, calls))


def _has_no_limit(call: bytes) -> bool:
    number, *arguments = call.split()[:7] or [b"running"]
    if not number.isdigit():  # it runs, or is blocked by something else: "-1"
        return False
    here = platform.machine()
    limit = _LIMITS.get(here, {}).get(int(number))
    without = _UNLIMITED.get(here, ())
    return int(number) in without or (limit is not None and arguments[limit] == b"0x0")
