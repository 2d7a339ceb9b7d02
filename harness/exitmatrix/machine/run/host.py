"""What the trials of one engine share."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from exitmatrix.machine.run.http import Client
from exitmatrix.machine.run.kernel.pidfd import WatchedProcess
from exitmatrix.machine.run.kernel.selector import Selector


class Listener(Protocol):
    """A trial, as far as the engine is concerned."""

    def take_events(self, ask: bool = True) -> None:
        """Take what the processes have told, and learn which have ended: see `Host.ended`."""


class Host(Protocol):
    """An engine, as far as a trial is concerned."""

    folder: Path
    client: Client
    readers: Selector

    def watch(self, watched: WatchedProcess, trial: Listener) -> None:
        """Have the trial take events when the process ends."""

    def watch_reaping(self, watched: WatchedProcess, trial: Listener) -> None:
        """Have the trial take events when an ended process is reaped by its parent."""

    def ended(self, trial: Listener, ask: bool = True) -> list[WatchedProcess]:
        """The trial's watched processes that have ended since it last asked.

        Not `ask`: as far as the kernel told in this turn of the loop, ends before all else.
        """

    def look_for_want_of_memory(self) -> None:
        """Have the trials know if the kernel has ended a process for want of memory."""

    def lag_since(self, when: float) -> float:
        """Seconds by which the engine was late at the most since then, of `time.monotonic`."""

    def strays(self) -> list[int]:
        """Orphans that no trial knows: children of the engine, where these come home."""

    def yield_slot(self, trial: Listener) -> None:
        """The trial only waits from here on."""
