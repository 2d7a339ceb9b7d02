"""What /proc shows of a process: proc(5)."""

from __future__ import annotations

import os
from pathlib import Path

from exitmatrix.machine.run.kernel.facilities import have

TELLS_CHILDREN = (
    have("children") and Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists()
)
READ_SIZE = 1 << 16
STOPPED: tuple[list[bytes], ...] = ([b"T"], [b"Z"], [b"X"], [])  # the last: it is gone


def read_proc(pid: int, name: str) -> bytes:
    """A file of /proc/PID; empty when the process is gone or may not be read."""
    # Measured: these run for each trial, and a file object asks four things more of the kernel.
    try:
        fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    except OSError:
        return b""
    try:
        whole = os.read(fd, READ_SIZE)
        while more := os.read(fd, READ_SIZE):
            whole += more
    except OSError:
        return b""
    finally:
        os.close(fd)
    return whole


def memory_kills() -> int:
    """How many processes of this machine the kernel has ended for want of memory.

    Be it all of the machine's, or that of a control group: Linux mm/oom_kill.c counts both as
    OOM_KILL, from 4.13 on. 0 where it does not tell.
    """
    _, _, rest = read_proc(os.getpid(), "../vmstat").partition(b"\noom_kill ")
    return int(rest.partition(b"\n")[0] or 0)


def waited(pid: int) -> float:
    """Seconds that the first thread of a process was ready to run, and had no processor.

    The second figure of /proc/PID/schedstat, in nanoseconds: Linux, Documentation/scheduler/
    sched-stats.rst. 0 where the kernel does not tell.
    """
    figures = read_proc(pid, "schedstat").split()
    return int(figures[1]) / 1e9 if len(figures) > 1 else 0.0


def pids() -> list[int]:
    """All processes that can be seen from here."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def has_ended(pid: int) -> bool:
    """Whether a process is a zombie or gone."""
    state = read_proc(pid, "stat").rpartition(b")")[2].split()[:1]
    return state in ([], [b"Z"], [b"X"])


def children_of(pid: int) -> tuple[int, ...]:
    """The direct children of a process, of all its threads; () when it is gone."""
    if not TELLS_CHILDREN:
        return _children_by_search(pid)
    found: list[int] = []
    for thread in threads_of(pid):
        text = read_proc(pid, f"task/{thread}/children")
        found += [int(word) for word in text.split()]
    return tuple(found)


def adopted() -> tuple[int, ...]:
    """The children of this process that it has started itself, or that came home to it.

    Its first thread starts all that it starts, and orphans go to the first thread that lives:
    Linux kernel/exit.c, find_new_reaper and find_alive_thread.
    """
    here = os.getpid()
    if not TELLS_CHILDREN:
        return _children_by_search(here)
    return tuple(map(int, read_proc(here, f"task/{here}/children").split()))


def threads_of(pid: int) -> list[str]:
    """The threads of a process; none when it is gone."""
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - measured: this runs for each trial
    except OSError:
        return []


def _children_by_search(pid: int) -> tuple[int, ...]:
    """The children on a kernel without CONFIG_PROC_CHILDREN: by looking at every process."""
    import psutil  # noqa: PLC0415 - seldom needed

    try:
        return tuple(child.pid for child in psutil.Process(pid).children())
    except psutil.NoSuchProcess:
        return ()


def descendants_of(*pids: int) -> tuple[int, ...]:
    """All processes below some, each once, parents before their children."""
    found: list[int] = []
    known = set(pids)
    waiting = list(pids)
    while waiting:
        new = [one for one in children_of(waiting.pop(0)) if one not in known]
        known.update(new)
        found += new
        waiting += new
    return tuple(found)


def command_line(pid: int) -> tuple[str, ...]:
    """The words of a process's command; () when it is gone or a zombie."""
    return tuple(w.decode("utf-8", "replace") for w in read_proc(pid, "cmdline").split(b"\0")[:-1])


def parent_of(pid: int) -> int:
    """The parent of a process; 0 when it is gone."""
    fields = read_proc(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def is_below(pid: int, ancestor: int) -> bool:
    """Whether a process descends from another, as its living ancestors show."""
    while pid > 1:
        pid = parent_of(pid)
        if pid == ancestor:
            return True
    return False


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal, as one is that can tell nothing any more."""
    return _status(pid).get(b"State", b"").split()[:1] == [b"T"]


def all_stopped(pid: int) -> bool:
    """Whether each thread of a process was stopped by a signal, or has ended.

    They stop one by one, when the signal finds them: signal(7), "stop".
    """
    states = (read_proc(pid, f"task/{one}/stat") for one in threads_of(pid))
    return all(state.rpartition(b")")[2].split()[:1] in STOPPED for state in states)


def has_threads(pid: int) -> bool:
    """Whether a process has more than its main thread."""
    return len(threads_of(pid)) > 1


def handles(pid: int, signum: int) -> bool:
    """Whether a process has a handler for a signal: proc(5), SigCgt."""
    return bool(int(_status(pid).get(b"SigCgt", b"0"), 16) >> (signum - 1) & 1)


def _status(pid: int) -> dict[bytes, bytes]:
    return _fields(read_proc(pid, "status"))


def _fields(status: bytes) -> dict[bytes, bytes]:
    lines = status.splitlines()
    return {name: value for name, _, value in (line.partition(b":") for line in lines)}


def at_rest(pid: int) -> bool:
    """Proof of life of a process that only waits: asleep, with no signal to be delivered.

    A process that was sent a signal which ends it is running, gone, or has the
    signal pending (proc(5): State, SigPnd, ShdPnd). The state of a process is that
    of its first thread, which may be waiting for one that is at work.
    """
    threads = threads_of(pid)
    return bool(threads) and all(
        _is_waiting(read_proc(pid, f"task/{one}/status")) for one in threads
    )


def may_be_in_vfork(pid: int) -> bool:
    """Whether a thread of it waits uninterruptibly, as for a child that vfork(2) has made.

    Until that one executes a program, or ends, it runs in its parent's memory, and looks like a
    copy of it.
    """
    return any(
        _fields(read_proc(pid, f"task/{one}/status")).get(b"State", b"").split()[:1] == [b"D"]
        for one in threads_of(pid)
    )


def _is_waiting(status: bytes) -> bool:
    fields = _fields(status)
    if fields.get(b"State", b"").split()[:1] != [b"S"]:
        return False
    pending = int(fields.get(b"SigPnd", b"1"), 16) | int(fields.get(b"ShdPnd", b"1"), 16)
    return not pending & ~int(fields.get(b"SigBlk", b"0"), 16)
