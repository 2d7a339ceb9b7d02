"""The kernel's witness: which processes there are, and how each one ended.

Everything here is Linux. Each facility can be missing (facilities.py); what then
cannot be known is said so, never guessed.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import select
import signal
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from exitmatrix.machine.run.facilities import have, have_pidfds

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PR_SET_PDEATHSIG = 1

# linux/pidfd.h: struct pidfd_info, first version, 64 bytes, and its ioctl,
# _IOWR(0xFF, 11, struct pidfd_info). The exit flag is there from 6.15 on.
PIDFD_INFO = struct.Struct("=QQ11Ii")
PIDFD_GET_INFO = (3 << 30) | (PIDFD_INFO.size << 16) | (0xFF << 8) | 11
PIDFD_INFO_EXIT = 1 << 3

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where the C library keeps it (shm_overview(7))
TELLS_CHILDREN = (
    have("children") and Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists()
)
PIDFDS = have_pidfds()
NOT_SEEN = "reaped before it could be watched"

# getrlimit(2): RLIMIT_LOCKS has limited nothing since Linux 2.4.25, but it is inherited by
# forks, execs, new sessions and cleared environments, and can be read from outside.
RLIMIT_LOCKS = 10
MARKS = 1 << 20  # numbers that are kept for the trials of one run


def prctl(option: int, value: int) -> None:
    """Call the system call of that name. Raises OSError."""
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


@contextlib.contextmanager
def marking(mark: int) -> Iterator[None]:
    """Mark all that this process starts meanwhile, whatever becomes of it; but not itself."""
    before = resource.getrlimit(RLIMIT_LOCKS)
    if have("mark"):
        with contextlib.suppress(OSError, ValueError):  # a hard limit that somebody lowered
            resource.setrlimit(RLIMIT_LOCKS, (mark, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(RLIMIT_LOCKS, before)


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
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    # A zombie is left to whoever is its parent now, who may take its time.
    return tuple(
        pid for pid in pids if pid != os.getpid() and is_marked(pid, marks) and not has_ended(pid)
    )


def has_ended(pid: int) -> bool:
    """Whether a process is a zombie or gone."""
    state = read_proc(pid, "stat").rpartition(b")")[2].split()[:1]
    return state in ([], [b"Z"], [b"X"])


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
        self.fd = self._open()
        self.status: int | None = None
        self.second: int | None = None  # the other witness's word, where there is one
        self.ended = False
        self.asked_again = False  # its status could not be read at once

    def _open(self) -> int:
        return os.pidfd_open(self.pid)

    @property
    def disagreement(self) -> tuple[str, str] | None:
        """How it ended according to its parent, and to its pidfd, if they say two things."""
        if self.status is None or self.second is None:
            return None
        both = describe_status(self.status), describe_status(self.second)
        return None if both[0] == both[1] else both

    def send(self, signum: int) -> bool:
        """Signal the process; False when it is gone."""
        try:
            signal.pidfd_send_signal(self.fd, signum)
        except (ProcessLookupError, PermissionError):  # it is gone, or became another user's
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
            self.status = self._status_of_zombie()
        self.second = exit_info(self.fd)
        if self.status is None:
            self.status = self.second
        return self.status is not None

    def _status_of_zombie(self) -> int | None:
        stat = read_proc(self.pid, "stat").rpartition(b")")[2].split()
        return int(stat[-1]) if stat and stat[0] == b"Z" else None

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


class Asked(Watched):
    """One process without a pidfd: psutil tells whether it still is the one that started then.

    For kernels that have none, and for when no descriptor is free. Its end is seen by
    asking again. A pid that is given away between the question and the signal would be
    mistaken: the kernel hands out all others first, so that takes as many forks as there are
    pids within that instant.
    """

    def __init__(self, pid: int) -> None:
        import psutil  # noqa: PLC0415 - seldom needed

        try:
            self._process = psutil.Process(pid)
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(errno.ESRCH, "no such process") from error
        super().__init__(pid)

    def _open(self) -> int:
        return -1

    def has_ended(self) -> bool:
        """Whether it is a zombie or gone."""
        return has_ended(self.pid) or not self._process.is_running()

    def is_gone(self) -> bool:
        """Whether it is not even a zombie any more."""
        return not self._process.is_running()

    def send(self, signum: int) -> bool:
        """Signal the process; False when it is gone."""
        if self.ended or self.has_ended():
            return False
        try:
            os.kill(self.pid, signum)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def reap(self) -> None:
        """Reap the process if it is our child."""
        if self.is_gone():
            return
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status

    def close(self) -> None:
        """Nothing is held."""


def watch(pid: int) -> Watched:
    """Watch a process as well as can be. Raises ProcessLookupError when it is gone."""
    if PIDFDS:
        try:
            return Watched(pid)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
    return Asked(pid)


def exit_info(fd: int) -> int | None:
    """The wait status that PIDFD_GET_INFO tells of a reaped process; None where it cannot."""
    if fd < 0 or not have("exit-info"):
        return None
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
        self._held: dict[int, Watched] = {}
        self._asked: dict[Asked, bool] = {}  # and whether its reaping is waited for

    def fileno(self) -> int:
        """An epoll set can itself be waited for."""
        return self._epoll.fileno()

    @property
    def must_ask(self) -> bool:
        """Whether there are processes of whose end nothing will tell."""
        return bool(self._asked)

    def add(self, watched: Watched) -> None:
        """Wait for the process to end."""
        if isinstance(watched, Asked):
            self._asked[watched] = False
        else:
            self._held[watched.fd] = watched
            self._epoll.register(watched.fd, select.EPOLLIN)

    def add_reaping(self, watched: Watched) -> None:
        """Wait for the parent to reap the process: its pidfd then hangs up."""
        if isinstance(watched, Asked):
            self._asked[watched] = True
        else:
            self._held[watched.fd] = watched
            self._epoll.register(watched.fd, 0)

    def discard(self, watched: Watched) -> None:
        """Wait for it no longer."""
        if isinstance(watched, Asked):
            self._asked.pop(watched, None)
        elif self._held.pop(watched.fd, None):
            with contextlib.suppress(OSError):
                self._epoll.unregister(watched.fd)

    def ready(self) -> list[Watched]:
        """Those with news, which are not waited for any longer."""
        news: list[Watched] = []
        for fd, _ in self._epoll.poll(0):
            self._epoll.unregister(fd)
            news.append(self._held.pop(fd))
        for one, reaping in list(self._asked.items()):
            if one.is_gone() if reaping else one.has_ended():
                del self._asked[one]
                news.append(one)
        return news
