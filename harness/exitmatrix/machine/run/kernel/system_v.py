"""System V shared memory, semaphores and queues, which have numbers and no names: sysvipc(7)."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable, Iterator

from exitmatrix.machine.run.kernel.proc import read_proc
from exitmatrix.model.base import Frozen

KINDS = {"shm": "System V shared memory", "sem": "System V semaphore", "msg": "System V queue"}
MAKERS = {"shm": b"cpid", "msg": b"lspid"}  # semaphores tell none
IPC_RMID = 0  # Linux include/uapi/linux/ipc.h


class Thing(Frozen, order=True):
    """One of these."""

    kind: str
    id: int
    maker: int  # its pid; 0 where nothing tells
    made: int  # when, or when it was last changed: seconds of the epoch


def there() -> Iterator[Thing]:
    """What there is now."""
    for kind in KINDS:
        lines = read_proc(os.getpid(), f"../sysvipc/{kind}").splitlines()
        names = lines[0].split() if lines else []
        for line in lines[1:]:
            row = dict(zip(names, map(int, line.split()), strict=False))
            maker = row.get(MAKERS.get(kind, b""), 0)
            yield Thing(kind, row.get(f"{kind}id".encode(), 0), maker, row.get(b"ctime", 0))


def memory_of(pid: int) -> list[Thing]:
    """The shared memory that a process has made which is there now.

    A pid may have been another's: what is older than the process is none of it.
    """
    found = [one for one in there() if (one.kind, one.maker) == ("shm", pid)]
    began = _began(pid) if found else 0
    return [one for one in found if one.made >= began]


def remove(things: Iterable[Thing]) -> None:
    """Remove shared memory: shmctl(2)."""
    for one in things:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).shmctl(one.id, IPC_RMID, None)


def _began(pid: int) -> float:
    """When a process began, in seconds of the epoch; in no time to come where it is gone."""
    stat = read_proc(pid, "stat").rpartition(b")")[2].split()
    boot = read_proc(os.getpid(), "../stat").partition(b"btime ")[2].split()
    if len(stat) < 20 or not boot:
        return float("inf")
    return int(boot[0]) + int(stat[19]) // os.sysconf("SC_CLK_TCK")
