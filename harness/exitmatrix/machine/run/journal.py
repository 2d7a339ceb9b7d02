"""The history of one trial while it is being written, and waiting for what comes next."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from exitmatrix.model import Event, Source


class Journal:
    """Events in one total order. What is waited for is looked at when something was learnt."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._last = time.monotonic()  # when something was learnt last

    def add(self, event: Event) -> None:
        """Append one of several events that are learnt together; `changed` comes behind them."""
        self._last = time.monotonic()
        self.events.append(event)

    def insert(self, place: int, event: Event) -> None:
        """Put in an event about a moment before, among several as above."""
        self._last = time.monotonic()
        self.events.insert(place, event)

    def note(self, source: Source, pid: int, kind: str, *detail: str) -> None:
        """Append what the kernel shows, or the harness does."""
        self.add(Event(source, pid, kind, detail))
        self.changed()

    def changed(self) -> None:
        """Let those go on whose condition is true now: to wake a task costs more than to look."""
        for done, woken in self._waiting:
            if not woken.done() and done():
                woken.set_result(None)

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for a condition that only events and output can make true."""
        while not done():
            await self._woken(done, asyncio.get_running_loop().create_future())

    async def until_quiet(self, seconds: float, done: Callable[[], bool]) -> None:
        """Wait for a condition, or until nothing was learnt for so long since this was called.

        What is learnt meanwhile wakes nobody.
        """
        if done():
            return
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        self._last = time.monotonic()
        timer: asyncio.TimerHandle

        def check() -> None:
            nonlocal timer
            left = self._last + seconds - time.monotonic()
            if woken.done():
                return
            if left > 0:
                timer = loop.call_later(left, check)
            else:
                woken.set_result(None)

        timer = loop.call_later(seconds, check)
        try:
            await self._woken(done, woken)
        finally:
            timer.cancel()  # else it would wake the engine, for nothing

    async def _woken(self, done: Callable[[], bool], woken: asyncio.Future[None]) -> None:
        waits = (done, woken)
        self._waiting.append(waits)
        try:
            await woken
        finally:
            self._waiting.remove(waits)

    async def within(self, seconds: float, done: Callable[[], bool]) -> bool:
        """Wait as `until` does, for so many seconds at most; whether it became true."""
        if done():
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.until(done)
                return True
        return False
