"""What the processes of one trial leave in shared memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exitmatrix.machine.run.kernel import shared_memory, system_v


class Leftovers:
    """Names of shared memory that processes of the trial had mapped, and that it made."""

    def __init__(self) -> None:
        self.before = shared_memory.listed()
        self._had: set[str] = set()
        self._made: set[system_v.Thing] = set()

    def remember(self, pids: Iterable[int]) -> None:
        """Take down what some processes have mapped and made now."""
        for pid in pids:
            self._had |= shared_memory.mapped_by(pid) - self.before
            self._made.update(system_v.memory_of(pid))

    def kinds(self, live: Collection[int]) -> list[str]:
        """The kind of each that is left by ended processes: the living still need theirs."""
        return [*self._names(live), *map(system_v.KINDS.__getitem__, self._numbers(live))]

    def _names(self, live: Collection[int]) -> list[str]:
        if not self._had:
            return []
        in_use = frozenset[str]().union(*map(shared_memory.mapped_by, live))
        left = sorted((self._had - in_use) & shared_memory.names().keys())
        return ["semaphore" if name.startswith("sem.") else "shared memory" for name in left]

    def _numbers(self, live: Collection[int]) -> list[str]:
        """System V's tells who made it, and not who needs it: while its maker lives, that does."""
        if not self._made:
            return []
        left = {one.id for one in system_v.there() if one.kind == "shm" and one.maker not in live}
        return [one.kind for one in self._made if one.id in left]

    def remove(self) -> None:
        """Remove what is still there."""
        shared_memory.remove(self._had)
        system_v.remove(self._made)
