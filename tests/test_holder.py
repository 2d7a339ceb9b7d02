"""Laws of what is said of a process that holds a lock which another waits for."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from exitmatrix.machine import holder as of_locks
from exitmatrix.machine.holder import holder

HOLDS = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(); input()"


def test_a_process_that_holds_a_lock_is_named(tmp_path: Path) -> None:
    """By its pid, and by that it is stopped: it would be waited for until somebody continues it."""
    file = tmp_path / "lock"
    file.touch()
    with (
        file.open() as mine,
        subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
    ):
        assert other.stdout
        other.stdout.readline()
        assert holder(mine.fileno()) == f"process {other.pid}"
        os.kill(other.pid, signal.SIGSTOP)
        os.waitpid(other.pid, os.WUNTRACED)
        assert holder(mine.fileno()) == f"process {other.pid}, which is stopped,"
        os.kill(other.pid, signal.SIGCONT)
        other.communicate(b"\n", timeout=30)


def test_who_cannot_be_told_is_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that nobody has, one of which the kernel tells no process, and no /proc/locks."""
    with (tmp_path / "lock").open("w") as lock:
        assert holder(lock.fileno()) == "another process"
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert holder(lock.fileno()) == f"process {os.getpid()}"
        monkeypatch.setattr(of_locks, "LOCKS", tmp_path / "none")
        assert holder(lock.fileno()) == "another process"
