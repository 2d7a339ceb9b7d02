"""The time between two signals, and whether a busy machine has spoilt it.

What a program comes to meanwhile follows from how long it had. A signal that is sent late, or whose
target has waited for a processor instead of using its time, shows something of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from exitmatrix.machine.run.host import Host
from exitmatrix.machine.run.journal import Journal
from exitmatrix.machine.run.kernel import proc

PART = 0.1
"""Of the time between two signals, so much may be lost: handlers of the programs that are measured
end a fifth of it before a second signal, or after it."""


class Timed(Protocol):
    """A trial, as far as time is concerned."""

    host: Host

    @property
    def journal(self) -> Journal:
        """Its history."""

    @property
    def live(self) -> Sequence[int]:
        """The processes that have not ended."""


async def within(
    trial: Timed, seconds: float, done: Callable[[], bool], *, meant: float, since: float
) -> bool:
    """Wait for a condition, so long at most; note it where the time that was meant is spoilt.

    `meant`: seconds between the signals; `since`: when the first was sent, of the clock of
    `time.monotonic`.
    """
    begun, waited = time.monotonic(), {pid: proc.waited(pid) for pid in trial.live}
    if await trial.journal.within(seconds, done):
        return True
    late = max(
        time.monotonic() - begun - seconds,
        trial.host.lag_since(since),
        *(proc.waited(pid) - waited.get(pid, 0.0) for pid in trial.live),
    )
    if late > PART * meant:
        trial.journal.note("harness", 0, "late")
    return False
