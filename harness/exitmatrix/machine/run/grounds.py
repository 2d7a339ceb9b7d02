"""Where a run keeps its files: a folder with a lock, and the end of what nobody guards any more."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

import msgspec

from exitmatrix.machine.run.kernel import control_group, shared_memory
from exitmatrix.machine.run.kernel.marks import MARKS, is_marked, marked
from exitmatrix.machine.run.kernel.pidfd import watch
from exitmatrix.machine.run.reaper import end_with_memory

PREFIX = "exitmatrix-"
LOCK = "guarded"
ROOM = 64 << 20  # bytes that must be free there
YOUNG = 60.0  # seconds; an older folder without a lock is nobody's that is about to lock it
PATIENCE = 10.0  # seconds; what a device holds, or another user owns, does not end sooner
ASK_AGAIN = 0.002  # seconds


class Owner(msgspec.Struct, frozen=True):
    """What a run's lock says of it: enough to end what it left."""

    first_mark: int
    memory_before: tuple[str, ...]


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


def make_folder(owner: Owner) -> tuple[str, int]:
    """Make the run's folder, and the lock on it that shows its owner to be alive: flock(2).

    The lock gets its name when it is held, so that nobody finds it free before.
    """
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=ground())
    new = f"{folder}/{LOCK}.new"
    lock = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.write(lock, msgspec.json.encode(owner))
    os.rename(new, f"{folder}/{LOCK}")  # noqa: PTH104
    return folder, lock


def end_abandoned_runs() -> None:
    """End what is left of runs whose harness, guardian and engine were all killed.

    Their folders are there, and nobody holds the lock in them.
    """
    places = {ground() or tempfile.gettempdir(), tempfile.gettempdir()}
    for folder in (path for place in places for path in Path(place).glob(f"{PREFIX}*")):
        try:
            about = folder.lstat()
            if about.st_uid != os.geteuid() or folder.is_symlink():
                continue  # another user's runs are theirs to sweep
            lock = folder / LOCK
            if lock.exists():
                if is_free(lock):
                    _end_run(lock)
                    shutil.rmtree(folder, ignore_errors=True)
            elif time.time() - about.st_mtime > YOUNG:
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, msgspec.DecodeError):
            continue  # it went meanwhile, or was never ours


def is_free(lock: Path) -> bool:
    """Whether nobody alive holds a lock."""
    fd = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def _end_run(lock: Path) -> None:
    """SIGKILL every process that bears a mark of the run, until none does."""
    owner = msgspec.json.decode(lock.read_bytes(), type=Owner)
    marks = range(owner.first_mark, owner.first_mark + MARKS)
    limit = time.monotonic() + PATIENCE
    while (found := marked(marks)) and time.monotonic() < limit:
        for pid in found:
            _end_marked(pid, marks, owner.memory_before)
        time.sleep(ASK_AGAIN)
    control_group.remove_marked(marks)


def _end_marked(pid: int, marks: range, memory_before: Collection[str]) -> None:
    """End a process if it bears one of some marks, now that it is held."""
    try:
        held = watch(pid)
    except ProcessLookupError:
        return
    if is_marked(pid, marks):
        end_with_memory([held], memory_before)
    held.close()
