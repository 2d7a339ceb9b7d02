"""System V shared memory, semaphores and queues, which have numbers and no names: sysvipc(7)."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable, Iterator

from exitmatrix.machine.run.kernel.proc import read_proc
from exitmatrix.model.base import Frozen

KINDS = {"shm": "System V shared memory", "sem": "System V semaphore", "msg": "System V queue"}
IDS = {"shm": b"shmid", "sem": b"semid", "msg": b"msqid"}
MAKERS = {"shm": b"cpid", "msg": b"lspid"}  # of a queue, who put something into it last
IPC_RMID, GETPID = 0, 11  # Linux include/uapi/linux/ipc.h and sem.h


class SystemVObject(Frozen, order=True):
    """A segment, a set of semaphores or a queue."""

    kind: str
    id: int
    maker: int  # its pid; 0 where nothing tells
    made: int  # when, or when it was last changed: seconds of the epoch


def there() -> Iterator[SystemVObject]:
    """All that exist now."""
    for kind in KINDS:
        lines = read_proc(os.getpid(), f"../sysvipc/{kind}").splitlines()
        names = lines[0].split() if lines else []
        for line in lines[1:]:
            row = dict(zip(names, map(int, line.split()), strict=False))
            id = row.get(IDS[kind], 0)
            if kind == "sem":
                maker = _changed_by(id, row.get(b"nsems", 0))
            else:
                maker = row.get(MAKERS[kind], 0)
            yield SystemVObject(kind, id, maker, row.get(b"ctime", 0))


def made_by(pid: int) -> list[SystemVObject]:
    """What a process has made which is there now.

    A pid may have been another's: what is older than the process is none of it.
    """
    found = [one for one in there() if one.maker == pid]
    began = _began(pid) if found else 0
    return [one for one in found if one.made >= began]


def remove(things: Iterable[SystemVObject]) -> None:
    """Remove them: shmctl(2), semctl(2), msgctl(2)."""
    for one in things:
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            if one.kind == "sem":
                libc.semctl(one.id, 0, IPC_RMID)
            else:
                getattr(libc, f"{one.kind}ctl")(one.id, IPC_RMID, None)


def _changed_by(id: int, number: int) -> int:
    """Who has changed one of a set of semaphores last; 0 where nobody has, or nothing tells.

    The kernel's list does not say who made them: proc_sysvipc(5), semctl(2).
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        return max((libc.semctl(id, one, GETPID) for one in range(number)), default=0)
    return 0


def _began(pid: int) -> float:
    """When a process began, in seconds of the epoch; in no time to come where it is gone."""
    stat = read_proc(pid, "stat").rpartition(b")")[2].split()
    boot = read_proc(os.getpid(), "../stat").partition(b"btime ")[2].split()
    if len(stat) < 20 or not boot:
        return float("inf")
    return int(boot[0]) + int(stat[19]) // os.sysconf("SC_CLK_TCK")
