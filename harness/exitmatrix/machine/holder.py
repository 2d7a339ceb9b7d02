"""Who holds a lock of flock(2), by /proc/locks of proc(5)."""

from __future__ import annotations

import os
from pathlib import Path

LOCKS = Path("/proc/locks")
STOPPED = ("T", "t")  # by a signal, or by a debugger


def holder(descriptor: int) -> str:
    """The process that holds the lock on an open file: "process 7", and if it is stopped, that.

    "another process" where the kernel does not tell, as of one in another PID namespace.
    """
    try:
        about = os.fstat(descriptor)
        device = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
        rows = [line.split() for line in LOCKS.read_text().splitlines()]
        pid = next(int(row[4]) for row in rows if row[1] == "FLOCK" and row[5] == device)
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, StopIteration):
        return "another process"
    state = stat.rpartition(")")[2].split()[0]
    return f"process {pid}, which is stopped," if state in STOPPED else f"process {pid}"
