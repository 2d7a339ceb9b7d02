"""The tree and its sockets, as /proc shows them. Nothing is sent to anybody.

A request, or a connection, would wake a server that sleeps, and with it what the
user wants to know: a gunicorn worker notices a lost master when it wakes.
"""

from __future__ import annotations

import ipaddress
import os
import signal
from collections.abc import Iterable

from exitmatrix.machine.run.kernel import tcp
from exitmatrix.machine.run.kernel.proc import (
    at_rest,
    command_line,
    has_ended,
    is_stopped,
    read_proc,
)
from exitmatrix.model.base import Frozen

ACCEPTING = 1 << 16  # include/uapi/linux/net.h: __SO_ACCEPTCON
SOCKET = "socket:["
STARTSTACK = 25  # fields after the command's in /proc/PID/stat: proc(5), field 28
TICKS = (11, 12)  # utime, stime


class Listening(Frozen, kw_only=True):
    """A socket that accepts connections."""

    inode: int
    address: str  # 127.0.0.1:8000, [::]:80, a path, @ and an abstract name
    host: str = ""  # of TCP alone
    port: int = 0

    @property
    def is_local(self) -> bool:
        """Whether nobody beyond this machine can reach it."""
        return not self.host or ipaddress.ip_address(self.host).is_loopback


def listening(pid: int) -> dict[int, Listening]:
    """The sockets that accept connections in a process's network, by inode."""
    found: dict[int, Listening] = {}
    for one in tcp.listening(pid):
        host = _host(one.address)
        shown = f"[{host}]:{one.port}" if ":" in host else f"{host}:{one.port}"
        found[one.inode] = Listening(inode=one.inode, address=shown, host=host, port=one.port)
    for line in read_proc(pid, "net/unix").splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) > 6 and int(fields[3], 16) & ACCEPTING:
            inode = int(fields[6])
            path = fields[7].decode("utf-8", "replace") if len(fields) > 7 else "unnamed"
            found[inode] = Listening(inode=inode, address=path)
    return found


def _host(packed: bytes) -> str:
    """An address as it is written: one of IPv4 in IPv6 as one of IPv4."""
    address = ipaddress.ip_address(packed)
    return str(getattr(address, "ipv4_mapped", None) or address)


def descriptors(pid: int) -> dict[int, str]:
    """What the descriptors of a process lead to; none when it is gone."""
    found: dict[int, str] = {}
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                try:
                    found[int(entry.name)] = os.readlink(entry.path)  # noqa: PTH115
                except OSError:
                    continue
    except OSError:
        return {}
    return found


def sockets_of(files: Iterable[str]) -> set[int]:
    """The inodes of the sockets among what descriptors lead to."""
    return {int(one[len(SOCKET) : -1]) for one in files if one.startswith(SOCKET)}


def program_of(pid: int) -> str:
    """The file that a process runs; "" when it is gone or another user's."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")  # noqa: PTH115
    except OSError:
        return ""


def is_unpacked(pid: int) -> bool:
    """Whether it is a program that PyInstaller made, in the process that runs its Python.

    One that is one file starts itself anew when it has unpacked itself, and says where to: since 6
    in the first of these variables, before that in the other (bootloader/src/pyi_main.c).
    """
    variables = read_proc(pid, "environ").split(b"\0")
    return any(one.startswith((b"_PYI_APPLICATION_HOME_DIR=", b"_MEIPASS2=")) for one in variables)


def _stat(pid: int) -> list[bytes]:
    return read_proc(pid, "stat").rpartition(b")")[2].split()


def dispositions(pid: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The signals that a process has handlers for, and those that it ignores: proc(5), SigCgt."""
    fields = dict(
        line.split(b":", 1) for line in read_proc(pid, "status").splitlines() if b":" in line
    )
    caught, ignored = (int(fields.get(name, b"0"), 16) for name in (b"SigCgt", b"SigIgn"))
    return _names(caught), _names(ignored)


def _names(mask: int) -> tuple[str, ...]:
    return tuple(one.name for one in signal.Signals if mask >> (one - 1) & 1)


def pid_inside(pid: int) -> int:
    """The pid that a process has in its own PID namespace; 0 when it is gone: proc(5), NSpid."""
    for line in read_proc(pid, "status").splitlines():
        if line.startswith(b"NSpid:"):
            return int(line.split()[-1])
    return 0


def place_of_stack(pid: int) -> int:
    """Where the stack of its program began; 0 when it is not told.

    Linux chooses it anew for each program that is executed, and a fork keeps it: of two
    processes with one place, one is a fork of the other that has executed nothing since.
    """
    fields = _stat(pid)
    return int(fields[STARTSTACK]) if len(fields) > STARTSTACK else 0


RunsNow = tuple[tuple[str, ...], str, int]
"""The command line of a process, the file that it runs, and where its stack began."""


def at_one_moment(pid: int, before: RunsNow | None = None) -> RunsNow:
    """What a process runs; `before`: what it did when it was looked at last.

    Who executes a program between two looks would have the one's words and the other's stack, and
    so that program's words would never be learnt. There is a stack before there are words: then
    nothing is known of it yet.
    """
    while True:
        stack = place_of_stack(pid)
        words, program = command_line(pid), program_of(pid)
        found = words, program, stack if words else 0
        if found == before or place_of_stack(pid) == stack:
            return found


def memory_of(pids: Iterable[int]) -> int:
    """The pages of memory that processes have in use: proc(5), statm."""
    fields = [read_proc(pid, "statm").split() for pid in pids]
    return sum(int(one[1]) for one in fields if len(one) > 1)


def processor_times(pids: Iterable[int]) -> dict[int, float]:
    """The seconds of processor time that each process has used; without those that are gone."""
    second = os.sysconf("SC_CLK_TCK")
    fields = {pid: _stat(pid) for pid in pids}
    return {
        pid: sum(int(one[i]) for i in TICKS) / second
        for pid, one in fields.items()
        if len(one) > max(TICKS)
    }


def is_at_work(pid: int) -> bool:
    """Whether it works, would if it had a processor, or has a signal to take yet."""
    return not (has_ended(pid) or is_stopped(pid) or at_rest(pid))


def work_of(pid: int) -> tuple[int, bool]:
    """The processor time that a process has used, in ticks, and whether it works right now."""
    fields = _stat(pid)
    if len(fields) <= max(TICKS):
        return 0, False
    return sum(int(fields[i]) for i in TICKS), fields[0] in (b"R", b"D")
