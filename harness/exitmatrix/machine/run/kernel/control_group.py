"""Control groups with a limit of memory, one for a trial that is to be ended by it: cgroups(7).

They are made below the group of this process where that is possible, so that its own limits hold
there too. In version 2 a group with processes may have none below it; then beside it.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from exitmatrix.machine.run.kernel.facilities import have
from exitmatrix.machine.run.kernel.proc import read_proc

PREFIX = "exitmatrix-"
ROOT = Path("/sys/fs/cgroup")
MEMBERS = "cgroup.procs"
LIMITS = ("memory.limit_in_bytes", "memory.max")
"""In version 1 and in version 2."""

SWAP = ("memory.memsw.limit_in_bytes", "memory.swap.max")
"""Of memory and swap together, and of swap; not every kernel has these files."""

COUNTS = ("memory.oom_control", "memory.events.local", "memory.events")
"""Where the kernel counts whom it has ended in a group, from 4.13 on; groups below it apart."""

PATIENCE = 2.0  # seconds, in which the kernel takes leave of processes that have ended
ASK_AGAIN = 0.005


def make(mark: int, limit: int) -> str:
    """Make a group that may have so many bytes of memory; the folder that it is. Raises OSError."""
    reason: OSError = FileNotFoundError()
    for parent in _parents():
        path = parent / f"{PREFIX}{mark}"
        try:
            path.mkdir()
        except OSError as error:
            reason = error
            continue
        try:
            _set(path, LIMITS, limit)
        except OSError as error:
            reason = error
            remove(str(path))
            continue
        with contextlib.suppress(OSError):
            _set(path, SWAP, limit if (path / SWAP[0]).exists() else 0)
        return str(path)
    raise reason


def ours() -> str:
    """The folder of the group by whose memory we are limited; "" where that is not told."""
    return next((str(one) for one in _parents()), "")


def memory_kills(path: str) -> int:
    """How many of a group's processes the kernel has ended for want of memory; 0 if not told.

    Be it the group's memory that was at its end, or all of the machine's: mm/oom_kill.c.
    """
    for name in COUNTS:
        with contextlib.suppress(OSError):
            for line in Path(path, name).read_bytes().splitlines():
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    return 0


def remove(path: str) -> None:
    """Remove a group whose processes have ended."""
    limit = time.monotonic() + PATIENCE
    while os.path.isdir(path) and time.monotonic() < limit:  # noqa: PTH112
        try:
            os.rmdir(path)  # noqa: PTH106
        except OSError:
            time.sleep(ASK_AGAIN)


def remove_marked(marks: range) -> None:
    """Remove what trials with some marks have left."""
    for parent in _parents():
        for path in parent.glob(f"{PREFIX}*"):
            number = path.name.removeprefix(PREFIX)
            if number.isdecimal() and int(number) in marks:
                remove(str(path))


@cache
def missing() -> str:
    """Why there are no such groups here; "" where there are."""
    if not have("control-groups"):
        return "control groups are switched off"
    try:
        remove(make(os.getpid(), 1 << 26))
    except OSError as error:
        return f"no control group of memory can be made here: {error.strerror or 'there are none'}"
    return ""


def _parents() -> Iterator[Path]:
    """Where a group may go, the best place first."""
    for line in read_proc(os.getpid(), "cgroup").decode("utf-8", "replace").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = ROOT / controllers
        own = top / path.lstrip("/")
        for place in (own, *own.parents):
            if place.is_relative_to(top) and (place / MEMBERS).exists():
                yield place


def _set(path: Path, names: tuple[str, ...], value: int) -> None:
    """Write a value into the one of some files that there is. Raises OSError."""
    name = next((one for one in names if (path / one).exists()), names[0])
    fd = os.open(path / name, os.O_WRONLY)
    try:
        os.write(fd, str(value).encode())
    finally:
        os.close(fd)
