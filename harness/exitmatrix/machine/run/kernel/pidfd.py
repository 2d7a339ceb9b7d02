"""A process that is held by a descriptor: it can be signalled and waited for, never mistaken.

Each facility can be missing (facilities.py); what then cannot be known is said so, never
guessed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import signal
import struct
import time
from collections.abc import Iterable

from exitmatrix.machine.run.kernel.facilities import have, have_pidfds
from exitmatrix.machine.run.kernel.proc import all_stopped, has_ended, read_proc
from exitmatrix.machine.run.kernel.wait_status import describe_status

# linux/pidfd.h: struct pidfd_info, first version, 64 bytes, and its ioctl,
# _IOWR(0xFF, 11, struct pidfd_info). The exit flag is there from 6.15 on.
PIDFD_INFO = struct.Struct("=QQ11Ii")
PIDFD_GET_INFO = (3 << 30) | (PIDFD_INFO.size << 16) | (0xFF << 8) | 11
PIDFD_INFO_EXIT = 1 << 3

PIDFDS = have_pidfds()
STOPPING = 0.1  # seconds
ASK_AGAIN = 0.0002  # seconds
NOT_SEEN = "reaped before it could be watched"


class WatchedProcess:
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
        self.reaped = False  # by us
        self.used = 0.0  # seconds of processor, with those that it waited for: wait4(2)
        self.asked_again = False  # its status could not be read at once

    def _open(self) -> int:
        return os.pidfd_open(self.pid)

    @property
    def fate(self) -> str:
        """How it ended, in words: "code 3", "signal SIGTERM" or "unknown"."""
        return "unknown" if self.status is None else describe_status(self.status)

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
        if self.reaped:
            return
        try:
            # By pidfd and without reaping first: a bare pid might be another child's by now.
            if os.waitid(os.P_PIDFD, self.fd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return
        except ChildProcessError:
            return
        _, status, usage = os.wait4(self.pid, 0)
        self._take(status, usage)
        self.reaped = True

    def _take(self, status: int, usage: resource.struct_rusage) -> None:
        self.status = status
        self.used = usage.ru_utime + usage.ru_stime

    def close(self) -> None:
        """Give the pidfd back."""
        os.close(self.fd)


class Polled(WatchedProcess):
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
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._take(status, usage)

    def close(self) -> None:
        """Nothing is held."""


def watch(pid: int) -> WatchedProcess:
    """Watch a process as well as can be. Raises ProcessLookupError when it is gone."""
    if PIDFDS:
        try:
            return WatchedProcess(pid)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
    return Polled(pid)


def stop_all(held: Iterable[WatchedProcess]) -> None:
    """SIGSTOP some processes, and wait until they have stopped or ended, no more than `STOPPING`.

    Only a parent is told of a stop: anybody else has to ask. What a device or a vfork(2)
    holds stops later than is waited for.
    """
    stopping = [one.pid for one in held if one.send(signal.SIGSTOP)]
    limit = time.monotonic() + STOPPING
    while stopping and time.monotonic() < limit:
        stopping = [pid for pid in stopping if not all_stopped(pid)]
        if stopping:
            time.sleep(ASK_AGAIN)


def exit_info(fd: int) -> int | None:
    """The wait status that PIDFD_GET_INFO has of a reaped process; None where it has none."""
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
