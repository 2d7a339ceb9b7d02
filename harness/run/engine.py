"""The engine: runs many trials at once, in a process of its own.

Orders come in on stdin and trials go out on stdout, one JSON value a line, so
that the harness which plans and judges never forks, changes folders or waits.
The last line is the processor time used.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import sys
from collections.abc import Collection
from pathlib import Path

import msgspec

from harness.model import Fact, Order, Trial
from harness.run import kernel
from harness.run.http import Client
from harness.run.reaper import end_all_below
from harness.run.trial import TrialRun

LONGEST_LINE = 1 << 20


class Usage(msgspec.Struct, tag="usage", frozen=True):
    """Processor time in seconds, user and system together."""

    observed: float
    harness: float
    peak_kilobytes: int


class Answer(msgspec.Struct, tag="trial", frozen=True):
    """The trial that an order, by its number, led to."""

    number: int
    trial: Trial


class Ask(msgspec.Struct, frozen=True):
    """An order and its number."""

    number: int
    order: Order


class Engine:
    """What the trials of one engine share."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder = folder
        self.client = Client(threads=4 * jobs)
        self._slots = asyncio.Semaphore(jobs)
        self._holders: set[TrialRun] = set()
        self._exits = kernel.ExitWatch()
        self._watched: dict[int, tuple[kernel.Watched, TrialRun]] = {}
        self._ended: dict[TrialRun, list[kernel.Watched]] = {}
        asyncio.get_running_loop().add_reader(self._exits.fileno(), self._take_exits)

    async def serve(self, orders: asyncio.StreamReader) -> None:
        """Run every order that comes in; return when no more come and all are done."""
        running: set[asyncio.Task[None]] = set()
        decoder = msgspec.json.Decoder(Ask)
        while line := await orders.readline():
            ask = decoder.decode(line)
            await self._slots.acquire()
            task = asyncio.create_task(self._run(ask))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def _run(self, ask: Ask) -> None:
        run = None
        try:
            run = TrialRun(ask.order, self, str(ask.number))
            self._holders.add(run)
            trial = await run.run()
        except OSError as error:
            why = Fact("harness", 0, "not-started", (f"{error.strerror or error}",))
            trial = Trial(cell=ask.order.cell, history=(why,), stdout="", stderr="")
        finally:
            if run is None or run in self._holders:
                self._slots.release()
            if run is not None:
                self._holders.discard(run)
        send(Answer(ask.number, trial))

    # ---------------------------------------------- for the trials (Ground)

    def watch(self, watched: kernel.Watched, trial: TrialRun) -> None:
        """Have the trial take events when the process ends."""
        self._watched[watched.fd] = (watched, trial)
        self._exits.add(watched.fd)

    def watch_reaping(self, watched: kernel.Watched, trial: TrialRun) -> None:
        """Have the trial take events when an ended process is reaped by its parent."""
        self._watched[watched.fd] = (watched, trial)
        self._exits.add_reaping(watched.fd)

    def ended(self, trial: TrialRun) -> list[kernel.Watched]:
        """The trial's watched processes that have ended since it last asked."""
        self._poll()
        return self._ended.pop(trial, [])

    def strays(self) -> list[int]:
        """Children of the engine that no trial knows: orphans that came home."""
        known = {watched.pid for watched, _ in self._watched.values()}
        return [pid for pid in kernel.children_of(os.getpid()) if pid not in known]

    def yield_slot(self, trial: TrialRun) -> None:
        """The trial only waits from here on; another may start."""
        if trial in self._holders:
            self._holders.discard(trial)
            self._slots.release()

    def _take_exits(self) -> None:
        self._poll()
        for trial in list(self._ended):
            trial.take_events()

    def _poll(self) -> None:
        for fd in self._exits.ready():
            watched, trial = self._watched.pop(fd)
            self._exits.remove(fd)
            self._ended.setdefault(trial, []).append(watched)


def send(message: Answer | Usage) -> None:
    """Write one line to the harness, whole."""
    data = msgspec.json.encode(message) + b"\n"
    while data:
        data = data[os.write(1, data) :]


async def serve(folder: Path, jobs: int) -> None:
    """Serve stdin until it ends."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, abandon, folder, kernel.shared_memory())
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    engine = Engine(folder, jobs)
    await engine.serve(reader)
    engine.client.close()


def abandon(folder: Path, memory_before: Collection[str]) -> None:
    """The guardian died: do what it would have done, and end."""
    end_all_below(memory_before)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def usage() -> Usage:
    """What was used until now."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Usage(
        observed=children.ru_utime + children.ru_stime,
        harness=own.ru_utime + own.ru_stime,
        peak_kilobytes=own.ru_maxrss,
    )


def main(folder: str, jobs: str) -> None:
    """Run one engine."""
    kernel.become_subreaper()
    kernel.end_with_parent(signal.SIGTERM)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o022)
    asyncio.run(serve(Path(folder), int(jobs)))
    send(usage())


if __name__ == "__main__":
    main(*sys.argv[1:])
