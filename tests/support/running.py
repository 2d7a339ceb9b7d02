"""What the tests of a run's safety share: a harness of its own, and what is left afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import msgspec
import psutil
from exitmatrix.machine.run import grounds
from exitmatrix.machine.run.kernel import shared_memory
from exitmatrix.model import TrialSpec

GONE = 90  # seconds; what another test has beside this one in shared memory goes by then

NAMED = re.compile(r"(sem\.)?(app-[0-9]+|mp-\w+)")
"""Names of shared memory that programs of the tests make, and multiprocessing for them."""

Driver = Callable[[list[TrialSpec]], "subprocess.Popen[bytes]"]

# A harness for itself: it reads orders and never ends by itself.
DRIVER = """
import sys, msgspec
from exitmatrix.model import TrialSpec
from exitmatrix.machine.run import grounds
from exitmatrix.machine.run.session import Session
orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=list[TrialSpec])
with Session(2) as session:
    for order in orders:
        session.submit(order)
    while True:
        session.take()
        print("one", flush=True)
"""


def harness_folders() -> set[Path]:
    """The folders of runs, wherever the guardian may have put them."""
    places = {grounds.ground(), tempfile.gettempdir()} - {None}
    return {path for place in places for path in Path(str(place)).glob(f"{grounds.PREFIX}*")}


def things() -> set[Path]:
    """What runs have in temporary folders and in shared memory, of other tests too.

    But for semaphores of multiprocessing: a debug server that a test beside this one kills bare,
    as a reader of a page would, leaves its own for good. Ours are asked for by name (`held`).
    """
    shared = {path for path in Path("/dev/shm").iterdir() if not path.name.startswith("sem.mp-")}
    return shared | harness_folders()


def until(done: Callable[[], bool]) -> None:
    """Wait until something is so. Raises AssertionError when it is not in `GONE` seconds."""
    limit = time.monotonic() + GONE
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.005)


def held(found: Iterable[psutil.Process]) -> set[Path]:
    """What some processes hold of shared memory now."""
    return {
        Path(shared_memory.FOLDER) / name
        for one in found
        for name in shared_memory.held_by(one.pid)
    }


def assert_things_go(before: set[Path], ours: Iterable[Path] = ()) -> None:
    """What is new goes, and what is ours: soon, where another test runs beside this one."""
    new = (things() | set(ours)) - before
    limit = time.monotonic() + GONE
    while (left := {path for path in new if is_left(path)}) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not left


def is_left(path: Path) -> bool:
    """Whether something is there and nobody minds it: a run's folder has a guardian while it runs.

    Ours are over by now, and where ours was killed the lock is free.
    """
    lock = path / grounds.LOCK
    try:
        return grounds.is_free(lock) if lock.exists() else path.exists()
    except OSError:
        return path.exists()


MARK = "PYTEST_XDIST_TESTRUNUID"
"""The variable by which pytest-xdist tells its workers which run they are of."""


def remove_what_nobody_holds(before: Collection[str]) -> None:
    """Remove shared memory that is new: a program that shows what is left behind leaves it."""
    new = {name for name in shared_memory.listed() if NAMED.fullmatch(name)} - set(before)
    if new:
        shared_memory.remove(new.difference(*map(shared_memory.held_by, psutil.pids())))


def end_marked(run: str) -> None:
    """Kill all that has the mark of a run of the tests, but for this process and its ancestors."""
    ours = {os.getpid(), *(one.pid for one in psutil.Process().parents())}
    while found := [one for one in psutil.process_iter() if one.pid not in ours and _has(one, run)]:
        for one in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(found, timeout=1)


def _has(process: psutil.Process, run: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == run
    except (psutil.Error, OSError):
        return False


def below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@contextlib.contextmanager
def drivers() -> Iterator[Driver]:
    """Start harnesses in processes of their own, that can be killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(orders: list[TrialSpec]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdin
        process.stdin.write(msgspec.json.encode(orders) + b"\n")
        process.stdin.flush()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for_trial(pid: int, programs: int) -> list[psutil.Process]:
    """The guardian, the engine and the observed programs, once there are enough of these."""
    limit = time.monotonic() + GONE
    while time.monotonic() < limit:
        found = below(pid)
        if sum("app.py" in words(one) for one in found) >= programs:
            return found
        time.sleep(0.02)
    raise AssertionError("the trial never began")


def words(process: psutil.Process) -> str:
    """The command line of a process; empty when it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def assert_all_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=GONE)
    assert not alive, alive
