"""Ending processes with all that they made in shared memory."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest
from exitmatrix.machine.run import reaper
from exitmatrix.machine.run.kernel import proc, shared_memory
from exitmatrix.machine.run.kernel.pidfd import WatchedProcess

from tests.support.running import until

# Makes one named semaphore after another, in two threads, and keeps them all.
MAKER = """
import sys, threading
from _multiprocessing import SemLock
kept = []

def make(thread):
    for number in range(20_000):
        kept.append(SemLock(1, 1, 1, f"/{sys.argv[1]}-{thread}-{number}", False))
        if (thread, number) == (0, 10):
            print("making", flush=True)

for thread in range(2):
    threading.Thread(target=make, args=[thread]).start()
"""


@pytest.fixture
def maker() -> Iterator[Callable[[], tuple[WatchedProcess, str]]]:
    """Start a program that makes semaphores; the process, and how their names begin."""
    started: list[tuple[subprocess.Popen[bytes], str]] = []

    def start() -> tuple[WatchedProcess, str]:
        name = f"made-{uuid.uuid4().hex}"
        process = subprocess.Popen([sys.executable, "-c", MAKER, name], stdout=subprocess.PIPE)
        started.append((process, name))
        assert process.stdout
        assert process.stdout.readline() == b"making\n"
        return WatchedProcess(process.pid), name

    yield start
    for process, name in started:
        process.kill()
        process.communicate()
        shared_memory.remove(made(name))


def made(name: str) -> set[str]:
    return {one for one in shared_memory.names() if one.startswith(f"sem.{name}")}


# glibc makes a semaphore under such a name, and gives it its own when it is whole: sem_open.c.
UNFINISHED = re.compile(r"sem\.\w{6}")


def unfinished() -> set[str]:
    return {one for one in shared_memory.names() if UNFINISHED.fullmatch(one)}


def test_a_process_that_is_ended_leaves_no_shared_memory(
    maker: Callable[[], tuple[WatchedProcess, str]],
) -> None:
    """That includes a process that makes new names all the time."""
    before = shared_memory.names().keys()
    for _ in range(10):
        watched, name = maker()
        assert made(name)
        reaper.end_with_memory([watched], before)
        while not watched.learn_status():
            pass
        assert watched.fate == "signal SIGKILL"
        assert not made(name)
    # A test beside this one may be making some right now: those are whole in a moment, or gone.
    others = unfinished() - before
    until(lambda: not others & unfinished())


def test_what_was_there_before_stays(maker: Callable[[], tuple[WatchedProcess, str]]) -> None:
    """Shared memory that others made is theirs, also where the process has it mapped."""
    watched, name = maker()
    before = made(name)
    reaper.end_with_memory([watched], before)
    assert before
    assert before <= shared_memory.names().keys()


def test_the_names_go_before_the_process_that_shows_them(
    maker: Callable[[], tuple[WatchedProcess, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ends a run may be killed in the middle; the next one finds all that is left.

    Names are known from the processes that have them mapped, so that a process which is dead
    while its names are there would leave them for good.
    """
    watched, name = maker()
    seen: list[tuple[int, bool, int]] = []
    send = signal.pidfd_send_signal

    def note(fd: int, signum: int) -> None:
        seen.append((signum, proc.all_stopped(watched.pid), len(made(name))))
        send(fd, signum)

    monkeypatch.setattr(signal, "pidfd_send_signal", note)
    reaper.end_with_memory([watched], ())
    assert [signum for signum, _, _ in seen] == [signal.SIGSTOP, signal.SIGKILL]
    assert seen[0][1:] != (True, 0)
    assert seen[1][1:] == (True, 0)
