"""The kernel's witness: which processes there are, and how each one ended.

Everything here is Linux. Each facility can be missing; what then cannot be
known is said so (`ExitUnknown`), never guessed.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import struct
from collections.abc import Iterable
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PR_SET_PDEATHSIG = 1

# linux/pidfd.h: struct pidfd_info, first version, 64 bytes, and its ioctl,
# _IOWR(0xFF, 11, struct pidfd_info). The exit flag is there from 6.15 on.
PIDFD_INFO = struct.Struct("=QQ11Ii")
PIDFD_GET_INFO = (3 << 30) | (PIDFD_INFO.size << 16) | (0xFF << 8) | 11
PIDFD_INFO_EXIT = 1 << 3

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where the C library keeps it (shm_overview(7))
TELLS_CHILDREN = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists()
NOT_SEEN = "reaped before it could be watched"


def prctl(option: int, value: int) -> None:
    """Call the system call of that name. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))


def become_subreaper() -> None:
    """Bring orphans of all descendants home to this process: prctl(2)."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(signum: int) -> None:
    """Have the kernel send `signum` to this process when its parent ends."""
    prctl(PR_SET_PDEATHSIG, signum)


def describe_status(status: int) -> str:
    """A wait status as text: "code 3" or "signal SIGTERM" (wait(2))."""
    if os.WIFSIGNALED(status):
        return f"signal {signal_name(os.WTERMSIG(status))}"
    return f"code {os.WEXITSTATUS(status)}"


def signal_name(number: int) -> str:
    """SIGTERM for 15; SIGRTMIN+3 and the like by number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def children_of(pid: int) -> tuple[int, ...]:
    """The direct children of a process, of all its threads; () when it is gone."""
    if not TELLS_CHILDREN:
        return _children_by_search(pid)
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - measured: this runs for each trial
    except OSError:
        return ()
    for thread in threads:
        text = read_proc(pid, f"task/{thread}/children")
        found += [int(word) for word in text.split()]
    return tuple(found)


def _children_by_search(pid: int) -> tuple[int, ...]:
    """The same on a kernel without CONFIG_PROC_CHILDREN: by looking at every process."""
    import psutil  # noqa: PLC0415 - seldom needed

    try:
        return tuple(child.pid for child in psutil.Process(pid).children())
    except psutil.NoSuchProcess:
        return ()


def descendants_of(pid: int) -> tuple[int, ...]:
    """All processes below one, parents before their children."""
    found: list[int] = []
    waiting = list(children_of(pid))
    while waiting:
        one = waiting.pop(0)
        found.append(one)
        waiting += children_of(one)
    return tuple(found)


def read_proc(pid: int, name: str) -> bytes:
    """A file of /proc/PID; empty when the process is gone or may not be read."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def command_line(pid: int) -> tuple[str, ...]:
    """The words of a process's command; () when it is gone or a zombie."""
    return tuple(w.decode("utf-8", "replace") for w in read_proc(pid, "cmdline").split(b"\0")[:-1])


def is_below(pid: int, ancestor: int) -> bool:
    """Whether a process descends from another, as its living ancestors show."""
    while pid > 1:
        fields = read_proc(pid, "stat").rpartition(b")")[2].split()
        pid = int(fields[1]) if fields else 0
        if pid == ancestor:
            return True
    return False


def belongs_to(pid: int, session: int, token: str) -> bool:
    """Whether a process is of a trial: by its session, or by the token in its environment."""
    try:
        if os.getsid(pid) == session:
            return True
    except OSError:
        return False
    return f"EXITMATRIX_TOKEN={token}".encode() in read_proc(pid, "environ")


def at_rest(pid: int) -> bool:
    """Proof of life of a process that only waits: asleep, with no signal to be delivered.

    A process that was sent a signal which ends it is running, gone, or has the
    signal pending (proc(5): State, SigPnd, ShdPnd).
    """
    fields = dict(
        line.split(b":", 1) for line in read_proc(pid, "status").splitlines() if b":" in line
    )
    if fields.get(b"State", b"").split()[:1] != [b"S"]:
        return False
    pending = int(fields.get(b"SigPnd", b"1"), 16) | int(fields.get(b"ShdPnd", b"1"), 16)
    return not pending & ~int(fields.get(b"SigBlk", b"0"), 16)


def shared_memory() -> dict[str, int]:
    """All names of shared memory that there are now, with their inodes.

    POSIX's shared memory and semaphores are files in /dev/shm itself (shm_overview(7));
    what lies in folders there is files like any other.
    """
    try:
        with os.scandir(SHARED_MEMORY) as entries:
            return {one.name: one.inode() for one in entries if one.is_file(follow_symlinks=False)}
    except OSError:
        return {}


def remove_shared_memory(names: Iterable[str]) -> None:
    """Remove what is still there of some names: shm_unlink(3), sem_unlink(3)."""
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(f"{SHARED_MEMORY}/{name}")  # noqa: PTH108


def shared_memory_of(pid: int) -> frozenset[str]:
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
    return frozenset(name for name, inode in shared_memory().items() if inode in inodes)


class Watched:
    """One process under a pidfd: it can be signalled and waited for, never mistaken.

    A pid can be given to another process; a pidfd cannot. Raises
    ProcessLookupError when the process is already gone.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.fd = os.pidfd_open(pid)
        self.status: int | None = None
        self.ended = False
        self.asked_again = False  # its status could not be read at once

    def send(self, signum: int) -> bool:
        """Signal the process; False when it is gone."""
        try:
            signal.pidfd_send_signal(self.fd, signum)
        except ProcessLookupError:
            return False
        return True

    def learn_status(self) -> bool:
        """After the pidfd became readable: learn the wait status. False: ask again at reaping.

        Three ways, by who the parent is: our own child is waited for; a zombie
        shows its exit code (proc(5), stat, field 52); one that its parent reaped
        is told by the kernel from 6.15 on.
        """
        self.reap()
        if self.status is None:
            stat = read_proc(self.pid, "stat").rpartition(b")")[2].split()
            if stat and stat[0] == b"Z":
                self.status = int(stat[-1])
        if self.status is None:
            self.status = exit_info(self.fd)
        return self.status is not None

    def reap(self) -> None:
        """Reap the process if it is our child: a root of a trial, or an orphan that came home."""
        try:
            # By pidfd and without reaping first: a bare pid might be another child's by now.
            if os.waitid(os.P_PIDFD, self.fd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return
        except ChildProcessError:
            return
        _, self.status = os.waitpid(self.pid, 0)

    def close(self) -> None:
        """Give the pidfd back."""
        os.close(self.fd)


def exit_info(fd: int) -> int | None:
    """The wait status that PIDFD_GET_INFO tells of a reaped process; None where it cannot."""
    buffer = bytearray(PIDFD_INFO.size)
    PIDFD_INFO.pack_into(buffer, 0, PIDFD_INFO_EXIT, *([0] * 13))
    try:
        fcntl.ioctl(fd, PIDFD_GET_INFO, buffer)
    except OSError:
        return None
    values = PIDFD_INFO.unpack(buffer)
    return values[-1] if values[0] & PIDFD_INFO_EXIT else None


class ExitWatch:
    """Tells which of many watched processes ended, and later which were reaped."""

    def __init__(self) -> None:
        self._epoll = select.epoll()

    def fileno(self) -> int:
        """An epoll set can itself be waited for."""
        return self._epoll.fileno()

    def add(self, fd: int) -> None:
        """Wait for the process to end."""
        self._epoll.register(fd, select.EPOLLIN)

    def add_reaping(self, fd: int) -> None:
        """Wait for the parent to reap the process: its pidfd then hangs up."""
        self._epoll.register(fd, 0)

    def remove(self, fd: int) -> None:
        """Wait no longer."""
        self._epoll.unregister(fd)

    def ready(self) -> list[int]:
        """Descriptors with news."""
        return [fd for fd, _ in self._epoll.poll(0)]
