"""The guardian: a small process that outlives the harness and kills what is left.

    harness  --starts-->  guardian  --starts-->  engine  --starts-->  trials

It has a session of its own, so that signals to the harness's terminal or group
do not reach it, and it is a subreaper, so that every process of every trial is
below it however far it fled. It waits for the first of two things: the engine
ends, or the harness's end of the lifeline closes, which happens however the
harness dies. Then it kills all that is below it and removes the run's folder.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile

from harness.run.kernel import SHARED_MEMORY, become_subreaper, shared_memory
from harness.run.reaper import end_all_below

PREFIX = "exitmatrix-"
ROOM = 64 << 20  # bytes that must be free there


def ground() -> str | None:
    """Where the run's folder goes: in memory if there is room, else where tempfile says.

    A trial makes and removes a handful of files; on a disk with a journal that
    costs a tenth of a bare interpreter's start, in memory next to nothing.
    """
    try:
        room = os.statvfs(SHARED_MEMORY)
    except OSError:
        return None
    roomy = room.f_bavail * room.f_frsize >= ROOM
    return SHARED_MEMORY if roomy and os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else None


def main(lifeline: int, arguments: list[str]) -> int:
    """Guard one engine; its exit status."""
    os.set_inheritable(lifeline, False)
    become_subreaper()
    memory = shared_memory()
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # only the lifeline decides
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=ground())
    try:
        engine = subprocess.Popen(
            [sys.executable, "-m", "harness.run.engine", folder, *arguments],
            stdin=0,
            stdout=1,
        )
        # Our copies would keep the engine's pipes open after it ended.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        pidfd = os.pidfd_open(engine.pid)
        select.select([lifeline, pidfd], [], [])
        return engine.poll() or 0
    finally:
        end_all_below(memory)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
