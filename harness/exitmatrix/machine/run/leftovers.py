"""What the processes of one trial leave in shared memory, and of System V."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exitmatrix.machine.run.kernel import shared_memory, system_v


class SharedLeftovers:
    """What processes of the trial had mapped or made that others can find."""

    def __init__(self) -> None:
        self.before = shared_memory.listed()
        self._had: set[str] = set()
        self._tracked: set[str] = set()
        self._made: dict[tuple[str, int], system_v.SystemVObject] = {}

    def remember(self, pids: Iterable[int]) -> None:
        """Take down what some processes have mapped and made now."""
        for pid in pids:
            self._had |= shared_memory.mapped_since(pid, self.before)
            self._made |= {(one.kind, one.id): one for one in system_v.made_by(pid)}

    def remember_tracked(self, pid: int) -> None:
        """Take down what a process has mapped that multiprocessing's tracker is to remove.

        That is left behind by nobody while the tracker lives, and it is ended with the trial.
        """
        self._tracked |= shared_memory.mapped_since(pid, self.before)

    def kinds(self, live: Collection[int]) -> list[str]:
        """The kind of each that is left by ended processes: the living still need theirs."""
        return self._names(live) + self._numbers(live)

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
        left = {(one.kind, one.id) for one in system_v.there() if one.maker not in live}
        return sorted(system_v.KINDS[kind] for kind, _ in self._made.keys() & left)

    def remove(self) -> None:
        """Remove what is still there."""
        shared_memory.remove(self._had | self._tracked)
        system_v.remove(self._made.values())
