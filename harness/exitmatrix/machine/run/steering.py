"""One process of a trial is held back, so that the others get ahead of it.

What a race comes to depends on who is first. Who holds a process back decides that, instead of
waiting for the kernel's scheduler to do so by chance. Nothing comes of it that could not come
of a scheduler that is slow: the process is stopped, and goes on where it was. A stop is told to
the parent (SIGCHLD), and what it interrupts on going on is listed in signal(7), "Interruption of
system calls and library functions by stop signals".

Others may rest by the clock: a signal's handler in gunicorn sleeps for 0.1 s before it raises. A
process that was held back until then is still early. So it can be held back until another has told
something, and that one takes its turn to be held: the first comes to act in the midst of what the
other does.

But it wakes all its threads, and whichever is first takes what is pending; without it, Linux
gives a signal to the main thread if that has none to take yet (kernel/signal.c, `wants_signal`).
Python's handlers run in the main thread only, which may sleep on where another thread took the
signal. So a process of several threads that handles the signal is not held back.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import proc
from exitmatrix.machine.run.kernel.pidfd import WatchedProcess, stop_all
from exitmatrix.machine.run.processes import Processes
from exitmatrix.model.trial import LIBRARY, Event, Steering

ASK_AGAIN = 0.002  # seconds between two looks at what the kernel tells no event of
RESTED = 5  # looks in a row at which the others were at rest
LONGEST = 1.0  # seconds that a process is held back: some others never come to rest


class Steered(Protocol):
    """A trial, as far as this needs it."""

    processes: Processes

    @property
    def journal(self) -> Journal:
        """What has happened."""


class Steerer:
    """Holds one process back, in a trial that is steered; otherwise does nothing."""

    def __init__(self, trial: Steered, steering: Steering | None) -> None:
        self._trial = trial
        self._steering = steering
        self._held: WatchedProcess | None = None
        self._signum = 0
        self._sent = -1  # how many events there were when the signal was sent; -1: it was not

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Follow the trial, and leave nobody stopped."""
        if self._steering is None:
            yield
            return
        task = asyncio.create_task(self._follow(self._steering))
        try:
            yield
        finally:
            task.cancel()
            self._let_go()

    def before_signal(self, signum: int) -> None:
        """The signal is about to be sent, for the first time or again."""
        if self._steering is None or self._sent >= 0:
            return
        self._sent = len(self._trial.journal.events)
        self._signum = signum
        if not self._steering.events:
            self._hold(self._steering)

    async def _follow(self, steering: Steering) -> None:
        await self._trial.journal.until(lambda: self._held is not None or self._is_due(steering))
        if self._held is None:
            self._hold(steering)
        if self._held is not None and steering.until:
            await self._change_places(steering.until)
        rested = 0
        end = asyncio.get_running_loop().time() + LONGEST
        while rested < RESTED and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(ASK_AGAIN)
            rested = rested + 1 if self._others_rest() else 0
        self._let_go()

    def _is_due(self, steering: Steering) -> bool:
        watched = self._process(steering)
        if self._sent < 0 or watched is None:
            return False
        return self._event_counts()[watched.pid] >= steering.events > 0

    def _event_counts(self) -> Counter[int]:
        """How many events of the program each process has told since the signal."""
        since = self._trial.journal.events[self._sent :]
        return Counter(one.pid for one in since if one.source == "probe")

    def _ahead(self, events: int) -> WatchedProcess | None:
        """Another process, which has told so many."""
        watched = self._trial.processes.watched
        some = (watched[pid] for pid, count in self._event_counts().items() if count >= events)
        return next((one for one in some if one is not self._held and not one.ended), None)

    async def _change_places(self, events: int) -> None:
        """Hold another back instead, as soon as it has told so many events.

        In a blind run nobody tells any.
        """
        if not any(is_of_it(one) for one in self._trial.journal.events):
            return
        await self._trial.journal.within(LONGEST, lambda: self._ahead(events) is not None)
        ahead = self._ahead(events)
        if ahead is not None:
            stop_all([ahead])
            self._let_go()
            self._held = ahead

    def _process(self, steering: Steering) -> WatchedProcess | None:
        watched = self._trial.processes.watched
        # The first of all, and those that have handlers of the program: a tracker of
        # multiprocessing has some of the library's. In a blind run, all.
        pids_told = [one.pid for one in self._trial.journal.events if is_of_it(one)]
        first = self._trial.processes.root
        pids = [pid for pid in dict.fromkeys((first, *pids_told)) if pid in watched]
        pids = pids if pids_told else list(watched)
        return watched[pids[steering.process]] if steering.process < len(pids) else None

    def _chooses_a_thread(self, watched: WatchedProcess) -> bool:
        """Whether which thread takes a signal can count in this process."""
        return proc.handles(watched.pid, self._signum) and proc.has_threads(watched.pid)

    def _hold(self, steering: Steering) -> None:
        watched = self._process(steering)
        if watched is not None and not watched.ended and not self._chooses_a_thread(watched):
            self._held = watched
            stop_all([watched])

    def _others_rest(self) -> bool:
        processes = self._trial.processes
        others = (pid for pid in processes.live if pid != (self._held.pid if self._held else 0))
        return all(proc.at_rest(pid) or proc.has_ended(pid) for pid in others)

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.send(signal.SIGCONT)
            self._trial.journal.changed()


def is_of_it(event: Event) -> bool:
    """Whether an event shows that its process has handlers of the program."""
    if event.kind == "forked":
        return True
    own = event.source == "probe" and event.kind == "registered"
    return own and not LIBRARY.search(event.detail[3])
