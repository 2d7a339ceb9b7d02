"""Laws of divided work: it comes to what it would come to undivided, and leaves no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest
from exitmatrix.cli import judging
from exitmatrix.judge.verdict import judge_all
from exitmatrix.machine import division
from exitmatrix.machine.division import MOST, divided

from tests.support.committed import by_platform, scenarios

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of pytest-xdist has a second thread, which shares nothing with what is tested."""
    if "threads" not in request.node.name:
        monkeypatch.setattr(division, "_alone", lambda: True)


def descriptors() -> set[str]:
    return {one.name for one in Path("/proc/self/fd").iterdir()}


def square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 2, 100, MOST, MOST + 1])
def test_divided_work_comes_to_the_same_in_the_same_order(parts: int, count: int) -> None:
    """However many share it, and however much there is to do."""
    assert divided(square, range(count), parts) == [square(one) for one in range(count)]


def test_each_part_takes_what_is_next() -> None:
    """Two that wait for one another get done: both work at the same time."""
    first, second = os.pipe(), os.pipe()

    def meet(place: int) -> int:
        (mine, other) = (first, second) if place else (second, first)
        os.write(other[1], b".")
        os.read(mine[0], 1)
        return os.getpid()

    assert len(set(divided(meet, [0, 1], 2))) == 2
    for one in (*first, *second):
        os.close(one)


def test_what_a_killed_copy_has_not_told_is_done_here() -> None:
    """As by the kernel, for want of memory."""
    here = os.getpid()

    def killed(number: int) -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    before = psutil.Process().children()
    assert divided(killed, range(50), 4) == list(range(50))
    assert psutil.Process().children() == before


def test_work_that_fails_in_a_copy_fails_here() -> None:
    """With its own exception, and no process is left."""

    def fails(number: int) -> int:
        if number == 30:
            raise LookupError("thirty")
        return number

    before = psutil.Process().children()
    with pytest.raises(LookupError, match="thirty"):
        divided(fails, range(50), 4)
    assert psutil.Process().children() == before


BESIDE = """
import os, threading
from exitmatrix.machine.division import divided

def fork():
    print("fork")
    raise BlockingIOError

os.fork = fork
over = threading.Event()
other = threading.Thread(target=over.wait)
other.start()
print(divided(abs, range(3), 2))
over.set()
other.join()
while len(os.listdir("/proc/self/task")) > 1:
    os.sched_yield()  # Thread.join() returns before the kernel's thread has ended
print(divided(abs, range(3), 2))
"""


def test_no_copy_is_made_beside_other_threads() -> None:
    """A copy would have one thread only, and whatever lock the others hold."""
    done = subprocess.run(
        [sys.executable, "-c", BESIDE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == ["[0, 1, 2]", "fork", "[0, 1, 2]", ""]


@pytest.mark.parametrize("call", ["fork", "pipe"])
def test_where_no_copy_can_be_made_all_is_done_here(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many processes, or too many open files."""
    pipe = os.pipe
    made: list[int] = []

    def refused() -> tuple[int, int]:
        if call == "pipe" and not made:  # the first is for what is to be done
            made.append(1)
            return pipe()
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, call, refused)
    before = descriptors()
    assert divided(square, range(9), 4) == [square(one) for one in range(9)]
    assert descriptors() == before


PROGRAM = """
import os, sys, time
from exitmatrix.machine.division import divided

def work(number):
    print(os.getpid(), flush=True)
    time.sleep(60)

divided(work, range(4), 2)
"""


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_copy_does_not_outlive_what_it_is_a_copy_of(signum: int) -> None:
    """Nor does a signal to the parent alone leave it behind."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        copy, *_ = {int(parent.stdout.readline()) for _ in range(2)} - {parent.pid}
        seen = psutil.Process(copy)
        parent.send_signal(signum)
        parent.wait(20)
        seen.wait(20)
        assert not parent.stdout.read()  # nobody holds it any more


def test_records_that_are_divided_are_judged_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same order, too."""
    made: list[int] = []

    def two(work: Callable[[object], object], things: Sequence[object]) -> list[object]:
        made.append(len(things))
        return divided(work, things, 2)

    monkeypatch.setattr(judging, "FEW", 0)
    monkeypatch.setattr(judging, "divided", two)
    some = {platform: rows[::97] for platform, rows in by_platform().items()}
    alone = judge_all(some, scenarios())
    together = judging.judge_records(some, scenarios())
    assert together == alone
    assert [*together] == [*alone]
    assert made
