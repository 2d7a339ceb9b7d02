"""The history of one run of a user's command: every event has its time."""

from __future__ import annotations

import time

from exitmatrix.machine.run.journal import Journal
from exitmatrix.model import Event
from exitmatrix.model.app import TimedEvent

INSTANT = 1e-6  # seconds; less than lies between two events that are learnt


class TimedJournal(Journal):
    """A history that knows when each event was learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = time.monotonic()
        self._seconds: list[float] = []

    def add(self, event: Event) -> None:
        """Append an event, and when it was learnt."""
        self._seconds.append(self.now)
        super().add(event)

    def insert(self, place: int, event: Event) -> None:
        """Put in an event that is learnt with what follows on it: it was in the instant before."""
        before, after = self._seconds[max(place - 1, 0) : place], self._seconds[place : place + 1]
        when = max((sum(before) + after[0]) / 2, after[0] - INSTANT) if after else self.now
        self._seconds.insert(place, when)
        super().insert(place, event)

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun

    @property
    def moments(self) -> tuple[TimedEvent, ...]:
        """All of it."""
        both = zip(self._seconds, self.events, strict=True)
        # Not rounded: of two ends which are learnt at once the order is still told.
        return tuple(TimedEvent(seconds, event) for seconds, event in both)
