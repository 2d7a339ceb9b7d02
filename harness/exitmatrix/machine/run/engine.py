"""The engine: runs many trials at once, in a process of its own.

Orders come in on stdin and trials go out on stdout, one JSON value a line, so
that the harness which plans and judges never forks, changes folders or waits.
The last line is the processor time used.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from exitmatrix.machine.run.host import Listener
from exitmatrix.machine.run.http import Client
from exitmatrix.machine.run.kernel import control_group, proc, shared_memory
from exitmatrix.machine.run.kernel.exit_watch import ExitWatch
from exitmatrix.machine.run.kernel.facilities import have
from exitmatrix.machine.run.kernel.marks import MARKS, marked
from exitmatrix.machine.run.kernel.pidfd import WatchedProcess
from exitmatrix.machine.run.kernel.prctl import become_subreaper, end_with_parent
from exitmatrix.machine.run.kernel.selector import Selector
from exitmatrix.machine.run.kernel.turns import give_way
from exitmatrix.machine.run.lines import encode
from exitmatrix.machine.run.messages import Hello, TrialRequest, TrialResult, Usage
from exitmatrix.machine.run.reaper import end_all_below
from exitmatrix.machine.run.running import Running
from exitmatrix.machine.run.served import Served
from exitmatrix.machine.run.state import ASK_AGAIN, TrialState
from exitmatrix.machine.run.trial import run
from exitmatrix.model import Event, Trial

BEAT = 0.25  # seconds between two looks at whether this process ran meanwhile
STALLED = 2.0  # seconds that it did not
BEATS = 128  # that are remembered: the longest time between two signals but a user's own grace
READ_SIZE = 1 << 16
HELD_BACK = 0.1  # seconds at most that an answer waits for others

ASK = msgspec.json.Decoder(TrialRequest)


class Engine:
    """What the trials of one engine share."""

    def __init__(
        self, folder: Path, jobs: int, readers: Selector, first_mark: int = 1 << 40
    ) -> None:
        self.folder = folder
        self.readers = readers
        self.first_mark = first_mark
        self.client = Client(threads=12 * jobs)  # one for each trial with a request in flight
        self._slots = asyncio.Semaphore(jobs)
        self._enough = 2 * jobs  # orders that wait: so many trials begin before others can come
        self._orders: Orders | None = None
        self._answers: list[msgspec.Struct] = []
        self._sending: asyncio.TimerHandle | None = None
        self._running: set[Running[Any]] = set()
        self._holders: set[Listener] = set()
        self._group = control_group.ours()
        self._memory_kills = self._count_memory_kills()
        self._exits = ExitWatch()
        self._watched: dict[WatchedProcess, Listener] = {}
        self._asking: asyncio.TimerHandle | None = None
        self._ended: dict[Listener, list[WatchedProcess]] = {}
        self._lags: deque[tuple[float, float]] = deque(maxlen=BEATS)
        readers.watch(self._exits.fileno(), self._take_exits, first=True)
        loop = asyncio.get_running_loop()
        loop.call_later(BEAT, self._beat, loop.time() + BEAT)

    async def serve(self, orders: Orders) -> None:
        """Run every order that comes in; return when no more come and all are done."""
        running: set[asyncio.Task[None]] = set()
        self._orders = orders
        while line := await orders.readline():
            await self._slots.acquire()
            task = asyncio.create_task(self.run_line(line))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
        self._send_answers()

    def answer(self, answer: msgspec.Struct) -> None:
        """Send an answer, soon: with others, as long as there are orders enough.

        Who takes one alone is woken for it, and wakes this process for one order.
        """
        self._answers.append(answer)
        if self._orders is None or self._orders.waiting < self._enough:
            self._send_answers()
        elif self._sending is None:
            loop = asyncio.get_running_loop()
            self._sending = loop.call_later(HELD_BACK, self._send_answers)

    def _send_answers(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        send(*self._answers)
        self._answers.clear()

    async def run_line(self, line: bytes) -> None:
        """Run one order, and answer it."""
        ask = ASK.decode(line)
        state: Running[Any] | None = None
        try:
            mark = self.first_mark + ask.number % MARKS
            if ask.order.is_command:
                served = Served(ask.order, self, str(ask.number), mark)
                state = served.state
                self._begin(served.state)
                trial = await served.run()
            else:
                state = own = TrialState(ask.order, self, str(ask.number), mark)
                self._begin(own)
                trial = await run(own)
        except OSError as error:
            why = Event("harness", 0, "not-started", (error.strerror or type(error).__name__,))
            trial = Trial(cell=ask.order.cell, history=(why,), stdout="", stderr="")
        except Exception as error:  # noqa: BLE001 - an order without an answer would be waited for
            why = Event("harness", 0, "failed", (repr(error),))
            trial = Trial(cell=ask.order.cell, history=(why,), stdout="", stderr="")
        finally:
            self._end(state)
        self.answer(TrialResult(ask.number, replace(trial, used=state.used) if state else trial))

    def _begin(self, trial: Running[Any]) -> None:
        if not self._running:
            self._memory_kills = self._count_memory_kills()  # those meanwhile are no news
        for one in self._running:
            one.alone = False
        self._holders.add(trial)
        self._running.add(trial)

    def _end(self, trial: Running[Any] | None) -> None:
        """Let another begin, if the trial has not done so; None is one that never began."""
        if trial is None or trial in self._holders:
            self._slots.release()
        if trial is not None:
            self._running.discard(trial)
            self._holders.discard(trial)
            self._forget(trial)

    def _beat(self, due: float) -> None:
        """Have the trials know when nothing here ran for a while, as in a machine that slept.

        Their times are then wrong: a grace was too long, a limit too short.
        """
        loop = asyncio.get_running_loop()
        lag = loop.time() - due
        self._lags.append((loop.time(), lag))
        if lag > STALLED:
            for trial in self._running:
                trial.journal.note("harness", 0, "stalled")
        if self._running:
            self.look_for_want_of_memory()
        loop.call_later(BEAT, self._beat, loop.time() + BEAT)

    # ---------------------------------------------- for the trials (Host)

    def lag_since(self, when: float) -> float:
        """Seconds by which the engine was late at the most since then, of `time.monotonic`."""
        return max((lag for at, lag in self._lags if at >= when), default=0.0)

    def look_for_want_of_memory(self) -> None:
        """Have the trials know if the kernel has ended a process of our control group for memory.

        Nothing tells whose. Where there are no such groups the machine's count has to do.
        """
        kills = self._count_memory_kills()
        if kills > self._memory_kills:
            self._memory_kills = kills
            for trial in self._running:
                trial.journal.note("harness", 0, "starved")

    def _count_memory_kills(self) -> int:
        return control_group.memory_kills(self._group) if self._group else proc.memory_kills()

    def watch(self, watched: WatchedProcess, trial: Listener) -> None:
        """Have the trial take events when the process ends."""
        self._watched[watched] = trial
        self._exits.add(watched)
        self._ask_again()

    def watch_reaping(self, watched: WatchedProcess, trial: Listener) -> None:
        """Have the trial take events when an ended process is reaped by its parent."""
        self._watched[watched] = trial
        self._exits.add_reaping(watched)
        self._ask_again()

    def ended(self, trial: Listener, ask: bool = True) -> list[WatchedProcess]:
        """The trial's watched processes that have ended since it last asked.

        Not `ask`: as far as the kernel told in this turn of the loop, ends before all else.
        """
        if ask or self._exits.must_poll:
            self._poll()
        own = self._ended.pop(trial, [])
        if self._ended:
            # The kernel tells an end once, and it told us: who else waits would wait for ever.
            asyncio.get_running_loop().call_soon(self._take_exits)
        return own

    def strays(self) -> list[int]:
        """Orphans that no trial knows: children of the engine, where these come home."""
        known = {watched.pid for watched in self._watched}
        if have("subreaper"):
            found = proc.adopted()
        else:
            found = marked(range(self.first_mark, self.first_mark + MARKS))
        return [pid for pid in found if pid not in known]

    def yield_slot(self, trial: Listener) -> None:
        """The trial only waits from here on; another may start."""
        if trial in self._holders:
            self._holders.discard(trial)
            self._slots.release()

    def _take_exits(self) -> None:
        self._poll()
        for trial in list(self._ended):
            trial.take_events(ask=False)

    def _poll(self) -> None:
        for watched in self._exits.ready():
            self._ended.setdefault(self._watched.pop(watched), []).append(watched)

    def _ask_again(self) -> None:
        """Look for ends that no event reports, for as long as there may be some."""
        if self._asking is None and self._exits.must_poll:

            def ask() -> None:
                self._asking = None
                self._take_exits()
                self._ask_again()

            self._asking = asyncio.get_running_loop().call_later(ASK_AGAIN, ask)

    def _forget(self, trial: Listener) -> None:
        """What a trial that broke off has left watched is watched no longer."""
        self._ended.pop(trial, None)
        for watched in [one for one, whose in self._watched.items() if whose is trial]:
            del self._watched[watched]
            self._exits.discard(watched)


class Orders:
    """Lines that come in on stdin, each an order."""

    def __init__(self, readers: Selector) -> None:
        self._readers = readers
        self._lines = deque[bytes]()
        self._rest = b""
        self._ended = False
        self._news = asyncio.Event()
        readers.watch(0, self._read)

    @property
    def waiting(self) -> int:
        """How many have come that nobody has taken."""
        return len(self._lines)

    async def readline(self) -> bytes:
        """The next line; b"" when there will be no more."""
        while not self._lines:
            if self._ended:
                return b""
            self._news.clear()
            await self._news.wait()
        return self._lines.popleft()

    def _read(self) -> None:
        data = os.read(0, READ_SIZE)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines
        if not data:
            self._ended = True
            self._readers.forget(0)
        self._news.set()


def send(*messages: msgspec.Struct) -> None:
    """Write lines to the harness, whole."""
    data = b"".join(encode(one) + b"\n" for one in messages)
    with contextlib.suppress(BrokenPipeError):  # it wants no more, and is about to end us
        while data:
            data = data[os.write(1, data) :]


E = TypeVar("E", bound=Engine)
ServeOrders = Callable[[E, Orders], Awaitable[None]]


async def serve(
    what: ServeOrders[E],
    make: Callable[[Path, int, Selector, int], E],
    readers: Selector,
    folder: Path,
    jobs: int,
    first_mark: int,
    guardian: int,
    lifeline: int,
) -> None:
    """Serve stdin until it ends, or the harness does, or the guardian."""
    loop = asyncio.get_running_loop()
    marks = range(first_mark, first_mark + MARKS)
    memory = shared_memory.names()

    def abandon() -> None:
        """Do what the guardian would do, and end."""
        end_all_below(memory, marks)
        control_group.remove_marked(marks)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    def look_for_guardian() -> None:
        """SIGTERM comes from the kernel when the guardian has ended; from others it is nothing."""
        if os.getppid() != guardian:
            abandon()

    loop.add_signal_handler(signal.SIGTERM, look_for_guardian)
    look_for_guardian()  # it may have ended before that could be heard of
    loop.add_reader(lifeline, abandon)
    engine = make(folder, jobs, readers, first_mark)
    await what(engine, Orders(readers))
    engine.client.close()


def usage() -> Usage:
    """What was used until now."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Usage(
        observed=children.ru_utime + children.ru_stime,
        harness=own.ru_utime + own.ru_stime,
        peak_kilobytes=own.ru_maxrss,
    )


def start_engine(
    what: ServeOrders[E],
    folder: str,
    jobs: str,
    first_mark: str,
    guardian: str,
    lifeline: str,
    *,
    engine: Callable[[Path, int, Selector, int], E],
) -> None:
    """Have an engine do `what`, as its guardian asks for it on the command line."""
    become_subreaper()
    end_with_parent(signal.SIGTERM)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.set_inheritable(int(lifeline), False)
    numbers = (int(jobs), int(first_mark), int(guardian), int(lifeline))
    readers = Selector()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(readers)) as runner:
        runner.run(serve(what, engine, readers, Path(folder), *numbers))


async def run_orders(engine: Engine, orders: Orders) -> None:
    """Say hello, run every order that comes in, and tell what that took."""
    os.umask(0o022)
    give_way()
    send(Hello())
    await engine.serve(orders)
    send(usage())


if __name__ == "__main__":
    start_engine(run_orders, *sys.argv[1:], engine=Engine)
