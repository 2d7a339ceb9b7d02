"""The history of one trial while it is being written, and waiting for what comes next."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from exitmatrix.model import Event, Source


class Journal:
    """Events in one total order. Whoever waits looks again after each of them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    def add(self, event: Event) -> None:
        """Append what was learnt now."""
        self.insert(len(self.events), event)

    def insert(self, place: int, event: Event) -> None:
        """Put in an event about a moment before."""
        self.events.insert(place, event)
        self.changed()

    def note(self, source: Source, pid: int, kind: str, *detail: str) -> None:
        """Append what the kernel shows, or the harness does."""
        self.add(Event(source, pid, kind, detail))

    def changed(self) -> None:
        """Have all who wait look again."""
        self._news.set()

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for a condition that only events and output can make true."""
        while not done():
            self._news.clear()
            await self._news.wait()

    async def within(self, seconds: float, done: Callable[[], bool]) -> bool:
        """The same, for so long at most; whether it became true."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.until(done)
                return True
        return False
