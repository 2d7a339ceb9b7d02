"""Work divided among the cores: a pure function of many things, in copies of this process.

A copy (fork) shares with this process what is in memory, so nothing is sent to it. What is to be
done stands in one pipe, from which each takes the next when it is done with the last.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from exitmatrix.machine.processor import cores
from exitmatrix.machine.run.kernel.prctl import end_with_parent

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

NUMBER = 2
"""Bytes of the number of a thing. A pipe takes 4,096 bytes, PIPE_BUF, without waiting."""

MOST = 4096 // NUMBER
"""Things of which more are not divided."""


def divided(
    work: Callable[[ItemT], ResultT], things: Sequence[ItemT], parts: int | None = None
) -> list[ResultT]:
    """`[work(one) for one in things]`, by as many processes as there are cores, or by `parts`.

    What a copy does not answer, because it was killed or its work failed, is done here. All is
    done here where no copy can be made, and where this process has other threads, which a copy
    would not have. Raises what `work` raises.
    """
    copies = (cores() if parts is None else parts) - 1
    if copies < 1 or not 2 <= len(things) <= MOST or not _alone():
        return [work(one) for one in things]
    begun: list[tuple[int, int]] = []
    numbers = _pipe_of_numbers(len(things))
    try:
        with contextlib.suppress(OSError):  # too many processes, or too many open files
            begun.extend(_begin(work, things, numbers) for _ in range(copies))
        done = _do(work, things, numbers)
        for _, answers in begun:
            done.update(_read(answers))
    finally:
        os.close(numbers)
        for pid, answers in begun:
            os.close(answers)
            os.kill(pid, signal.SIGKILL)  # not reaped yet, so the pid is its own
            os.waitpid(pid, 0)
    return [done[place] if place in done else work(one) for place, one in enumerate(things)]


def _alone() -> bool:
    """Whether this process has one thread, those that are not Python's counted; on Linux alone."""
    return sys.platform == "linux" and len([*Path("/proc/self/task").iterdir()]) == 1


def _pipe_of_numbers(count: int) -> int:
    reader, writer = os.pipe()
    os.write(writer, b"".join(place.to_bytes(NUMBER, "big") for place in range(count)))
    os.close(writer)  # so that who reads sees the end
    return reader


def _do(
    work: Callable[[ItemT], ResultT], things: Sequence[ItemT], numbers: int
) -> dict[int, ResultT]:
    """Take numbers until there are none."""
    done = {}
    while number := os.read(numbers, NUMBER):
        place = int.from_bytes(number, "big")
        done[place] = work(things[place])
    return done


def _begin(
    work: Callable[[ItemT], ResultT], things: Sequence[ItemT], numbers: int
) -> tuple[int, int]:
    """Start a copy; returns its pid, and where its answers come from."""
    parent = os.getpid()
    reader, writer = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if pid:
        os.close(writer)
        return pid, reader
    try:
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)  # they are the parent's, which ends this process
        os.close(reader)
        _end_with(parent)
        answers = pickle.dumps(_do(work, things, numbers))
        with os.fdopen(writer, "wb") as stream:
            stream.write(answers)
    finally:
        os._exit(0)  # nothing that the parent has to tidy up is tidied up here


def _end_with(parent: int) -> None:
    """Have the kernel end this process when its parent is gone."""
    end_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _read(answers: int) -> dict[int, ResultT]:
    """What a copy has done; nothing, if it did not come to its end."""
    with os.fdopen(answers, "rb", closefd=False) as stream:
        output = stream.read()
    try:
        done: dict[int, ResultT] = pickle.loads(output)  # noqa: S301 - written by a copy of us
    except (EOFError, pickle.UnpicklingError):
        return {}
    return done
