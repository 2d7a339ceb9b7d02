"""What a program of the small language showed, on each Python that ran it."""

from __future__ import annotations

from exitmatrix.model.base import Frozen
from exitmatrix.model.execution import Seen


class ShownAlike(Frozen, kw_only=True):
    """The bare runs of one program; Pythons that showed the same stand together."""

    program: int  # its number in its batch
    source: str  # a digest of the file that was run
    seen: tuple[tuple[Seen, tuple[str, ...]], ...] = ()  # and the ids of interpreters
    unseen: tuple[tuple[str, tuple[str, ...]], ...] = ()  # a reason, and ids

    def by_python(self) -> dict[str, Seen]:
        """What each interpreter showed; those whose run shows nothing are left out."""
        return {id: seen for seen, ids in self.seen for id in ids}
