"""What the processes of one trial leave in shared memory."""

from __future__ import annotations

from collections.abc import Iterable

from exitmatrix.machine.run.kernel import shared_memory


class Leftovers:
    """Names of shared memory that processes of the trial had mapped, and that it made."""

    def __init__(self) -> None:
        self.before = frozenset(shared_memory.names())
        self._had: set[str] = set()

    def remember(self, pids: Iterable[int]) -> None:
        """Take down what some processes have mapped now."""
        for pid in pids:
            self._had |= shared_memory.mapped_by(pid) - self.before

    def kinds(self, live: Iterable[int]) -> list[str]:
        """The kind of each that is left by ended processes: the living still need theirs."""
        if not self._had:
            return []
        in_use = frozenset[str]().union(*map(shared_memory.mapped_by, live))
        left = sorted((self._had - in_use) & shared_memory.names().keys())
        return ["semaphore" if name.startswith("sem.") else "shared memory" for name in left]

    def remove(self) -> None:
        """Remove what is still there."""
        shared_memory.remove(self._had)
