"""The day, and how long something takes."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable


def current_date() -> datetime.date:
    """The day that new records are of, in UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def stopwatch() -> Callable[[], float]:
    """Start a watch: what is returned tells the seconds since."""
    begun = time.monotonic()
    return lambda: time.monotonic() - begun
