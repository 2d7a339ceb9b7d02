"""The guardian: a small process that outlives the harness and kills what is left.

    harness  --starts-->  guardian  --starts-->  engine  --starts-->  trials

It has a session of its own, so that signals to the harness's terminal or group
do not reach it, and it is a subreaper, so that every process of every trial is
below it however far it fled. It waits for the first of two things: the engine
ends, or the harness's end of the lifeline closes, which happens however the
harness dies. Then it kills all that is below it and removes the run's folder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from exitmatrix.machine.run.kernel import shared_memory
from exitmatrix.machine.run.kernel.marks import MARKS
from exitmatrix.machine.run.kernel.pidfd import PIDFDS
from exitmatrix.machine.run.kernel.prctl import become_subreaper
from exitmatrix.machine.run.reaper import end_all_below

PREFIX = "exitmatrix-"
LOCK = "guarded"
ROOM = 64 << 20  # bytes that must be free there
YOUNG = 60.0  # seconds
ASK_AGAIN = 0.05  # seconds; only where nothing tells that the engine ended


def ground() -> str | None:
    """Where the run's folder goes: in memory if there is room, else where tempfile says.

    A trial makes and removes a handful of files; on a disk with a journal that
    costs a tenth of a bare interpreter's start, in memory next to nothing.
    """
    try:
        room = os.statvfs(shared_memory.FOLDER)
    except OSError:
        return None
    roomy = room.f_bavail * room.f_frsize >= ROOM
    usable = roomy and os.access(shared_memory.FOLDER, os.W_OK | os.X_OK)
    return shared_memory.FOLDER if usable else None


def make_folder() -> tuple[str, int]:
    """The run's folder, and the lock on it that shows its owner to be alive: flock(2)."""
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=ground())
    lock = os.open(f"{folder}/{LOCK}", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def sweep() -> None:
    """Remove folders whose guardian and engine were both killed, or lost their power."""
    for lock in Path(ground() or tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        try:
            # One that was made this moment is about to be locked.
            if time.time() - lock.stat().st_mtime > YOUNG and is_free(lock):
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue  # it is another user's, or went meanwhile


def is_free(lock: Path) -> bool:
    """Whether nobody alive holds a lock."""
    fd = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def main(lifeline: int, jobs: str, engine_module: str = "exitmatrix.machine.run.engine") -> int:
    """Guard one engine; its exit status."""
    os.set_inheritable(lifeline, False)
    become_subreaper()
    memory = shared_memory.names()
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # only the lifeline decides
    sweep()
    # Unlike those of other runs on this machine, and unlike what a limit may be.
    first_mark = (1 << 61) + (secrets.randbits(40) << 20)
    folder, _ = make_folder()
    try:
        engine = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", engine_module, folder, jobs),
                *(str(first_mark), str(os.getpid())),
            ],
            stdin=0,
            stdout=1,
        )
        # Our copies would keep the engine's pipes open after it ended.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        if PIDFDS:
            select.select([lifeline, os.pidfd_open(engine.pid)], [], [])
        else:
            while engine.poll() is None and not select.select([lifeline], [], [], ASK_AGAIN)[0]:
                pass
        return engine.poll() or 0
    except OSError as error:  # no process, no descriptor: the harness hears the pipe's end
        print(f"exitmatrix: the engine cannot be started: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        end_all_below(memory, range(first_mark, first_mark + MARKS))
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
